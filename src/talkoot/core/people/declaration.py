"""What this room declares to the house."""

from datetime import timedelta
from typing import Final

from talkoot.core.base.declare import RESIDENT, NavItem, Permission, PersonalData, Programme, Role, Schedule, Task
from talkoot.core.base.text import Text

ROLES: Final = (
    Role(
        "manager",
        Text(fi="pääkäyttäjä", sv="huvudanvändare", en="manager"),
        Text(
            fi="Pitää huolta organisaation tunnuksista ja rooleista.",
            sv="Sköter organisationens konton och roller.",
            en="Looks after the organisation's accounts and roles.",
        ),
    ),
    Role(
        "register_editor",
        Text(fi="rekisterinpitäjä", sv="registerförare", en="register editor"),
        Text(
            fi="Tuo ja korjaa rekisterin tietoja.",
            sv="Importerar och rättar uppgifter i registret.",
            en="Imports and corrects what the register says.",
        ),
    ),
    Role(
        "planner",
        Text(fi="suunnittelija", sv="planerare", en="planner"),
        Text(
            fi="Laskee ja vertailee suunnitelmia ja ottaa niitä käyttöön.",
            sv="Beräknar, jämför och tar i bruk planer.",
            en="Computes, compares and adopts plans.",
        ),
    ),
    Role(
        "operator",
        Text(fi="ylläpitäjä", sv="driftansvarig", en="operator"),
        Text(
            fi="Pitää järjestelmän käynnissä: työt, varmuuskopiot, hallintanäkymä.",
            sv="Håller systemet i gång: jobb, säkerhetskopior, administrationen.",
            en="Keeps the system running: jobs, backups, the administration.",
        ),
    ),
    Role(
        "auditor",
        Text(fi="tarkastaja", sv="granskare", en="auditor"),
        Text(
            fi="Lukee tapahtumalokia: mitä on tehty, milloin ja millä avaimella.",
            sv="Läser granskningsloggen: vad som gjorts, när och av vilken nyckel.",
            en="Reads the audit trail: what was done, when and under which key.",
        ),
    ),
)

ROOM = Programme(
    code="people",
    title=Text(fi="Ihmiset ja organisaatiot", sv="Människor och organisationer", en="People and organisations"),
    urls="talkoot.core.people.urls",
    mount="people",
    roles=ROLES,
    permissions=(
        Permission(
            code="people.sign_up",
            title=Text(fi="Luoda tunnus itselle", sv="Skapa ett eget konto", en="Make an account of one's own"),
            anyone=True,
        ),
        Permission(
            code="people.own_account",
            title=Text(fi="Hallita omia tietoja", sv="Sköta egna uppgifter", en="Manage one's own data"),
            roles=frozenset({RESIDENT}),
        ),
        Permission(
            code="people.manage_accounts",
            title=Text(fi="Hallita tunnuksia", sv="Sköta konton", en="Manage accounts"),
            roles=frozenset({"manager"}),
        ),
        Permission(
            code="people.manage_organisations",
            title=Text(fi="Hallita organisaatioita", sv="Sköta organisationer", en="Manage organisations"),
            roles=frozenset({"manager"}),
        ),
        Permission(
            code="people.manage_roles",
            title=Text(fi="Antaa ja päättää rooleja", sv="Ge och avsluta roller", en="Give and end roles"),
            roles=frozenset({"manager"}),
        ),
        Permission(
            code="people.administer",
            title=Text(fi="Katsoa hallintanäkymää", sv="Se administrationen", en="Look into the administration"),
            roles=frozenset({"operator"}),
        ),
    ),
    personal_data=(
        PersonalData(
            code="people.account",
            title=Text(fi="Tunnus ja roolit", sv="Konto och roller", en="Account and roles"),
            purpose=Text(
                fi="Kirjautuminen, yhteydenpito kanssasi ja oikeuksien antaminen.",
                sv="Inloggning, kontakt med dig och behörigheter.",
                en="Signing in, reaching you, and giving you permissions.",
            ),
            keep_days=0,
            export="talkoot.core.people.personal:export_account",
            erase="talkoot.core.people.personal:erase_account",
        ),
        PersonalData(
            code="people.consents",
            title=Text(fi="Suostumukset", sv="Samtycken", en="Consents"),
            purpose=Text(
                fi="Todiste siitä, mihin olet suostunut.",
                sv="Bevis på vad du har samtyckt till.",
                en="Proof of what you agreed to.",
            ),
            keep_days=365,
            export="talkoot.core.people.personal:export_consents",
            erase="talkoot.core.people.personal:erase_consents",
        ),
        PersonalData(
            code="people.sign_in",
            title=Text(fi="Kirjautuminen", sv="Inloggning", en="Signing in"),
            purpose=Text(
                fi="Tunnistaa sinut turvallisesti: osoitteet, lisävarmennus, avoimet istunnot.",
                sv="Känna igen dig säkert: adresser, tvåstegsverifiering, öppna sessioner.",
                en="To know you safely: addresses, second factors, open sessions.",
            ),
            keep_days=14,
            export="talkoot.core.people.personal:export_sign_in",
            erase="talkoot.core.people.personal:erase_sign_in",
        ),
        PersonalData(
            code="people.audit",
            title=Text(fi="Tapahtumaloki", sv="Granskningsloggen", en="Audit trail"),
            purpose=Text(
                fi="Näyttää, mitä on tehty. Lokissa olet satunnaisen avaimen takana, ja avain poistetaan kanssasi.",
                sv="Visa vad som har gjorts. I loggen står du bakom en slumpmässig nyckel som raderas med dig.",
                en="To show what was done. There you stand behind a random key, which is erased with you.",
            ),
            keep_days=0,
            export="talkoot.core.people.personal:export_audit",
            erase="talkoot.core.people.personal:erase_audit",
        ),
    ),
    tasks=(
        Task(
            code="people.retention",
            title=Text(
                fi="Vanhentuneiden henkilötietojen poisto",
                sv="Radering av föråldrade personuppgifter",
                en="Removal of outdated personal data",
            ),
            run="talkoot.core.people.retention:run",
        ),
    ),
    schedules=(Schedule(code="people.retention", task="people.retention", every=timedelta(days=1)),),
    navigation=(
        NavItem(
            section="plan",
            title=Text(fi="Organisaatiot ja roolit", sv="Organisationer och roller", en="Organisations and roles"),
            summary=Text(fi="Kuka saa tehdä mitä.", sv="Vem som får göra vad.", en="Who may do what."),
            url_name="people:organisations",
            permission="people.manage_roles",
            order=90,
        ),
        NavItem(
            section="open",
            title=Text(fi="Tapahtumaloki", sv="Granskningsloggen", en="Audit trail"),
            summary=Text(
                fi="Mitä järjestelmässä on tehty.",
                sv="Vad som har gjorts i systemet.",
                en="What was done in the system.",
            ),
            url_name="people:trail",
            permission="base.read_audit",
            order=90,
        ),
    ),
    demo=("talkoot.core.people.demo:make_demo_people",),
)
