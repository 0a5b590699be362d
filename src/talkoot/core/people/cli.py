"""`talkoot people`: accounts, organisations and roles from the city's own shell."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone

from talkoot.core.base.actors import operator
from talkoot.core.base.errors import NotFoundError
from talkoot.core.base.text import Text
from talkoot.core.people import services
from talkoot.core.people.memberships import valid_now
from talkoot.core.people.models import Account, Organisation
from talkoot.core.people.roles import roles

app = typer.Typer(no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]
Code = Annotated[str, typer.Argument(help="The organisation's code.")]
RoleCode = Annotated[str, typer.Argument(help="The role's code; `talkoot people roles` lists them.")]


def _account(email: str) -> Account:
    found = Account.objects.filter(email=email.strip().lower()).first()
    if found is None:
        raise NotFoundError(f"Nobody has an account with the address {email}.")
    return found


def _organisation(code: str) -> Organisation:
    found = Organisation.objects.filter(code=code).first()
    if found is None:
        raise NotFoundError(f"There is no organisation {code}. Add it by: talkoot people organisation {code} --fi NAME")
    return found


@app.command()
def create(
    email: Email,
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    language: Annotated[str, typer.Option(help="fi, sv or en.")] = "fi",
    with_password: Annotated[
        bool, typer.Option("--with-password", help="Make a random password and show it once.")
    ] = False,
) -> None:
    """Make an account; without a password its owner sets one by "forgotten password"."""
    password = secrets.token_urlsafe(15) if with_password else None
    account = services.create_account(operator(), email=email, name=name, language=language, password=password)
    typer.echo(f"{account.email} has an account." + (f" Password: {password}" if password else ""))


@app.command()
def close(
    email: Email,
    reopen: Annotated[bool, typer.Option("--reopen", help="Open it again instead.")] = False,
) -> None:
    """Close an account, so that nobody can sign in by it; its data stay."""
    (services.reopen_account if reopen else services.close_account)(operator(), _account(email))
    typer.echo(f"{email} is {'open' if reopen else 'closed'}.")


@app.command("list")
def list_accounts(
    role: Annotated[str, typer.Option(help="Only who holds this role now.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 1000,
) -> None:
    """List accounts with the roles they hold."""
    held: dict[int, list[str]] = {}
    for membership in valid_now().select_related("organisation").order_by("pk"):
        held.setdefault(membership.account_id, []).append(f"{membership.role}@{membership.organisation.code}")
    accounts = Account.objects.order_by("email")
    if role:
        accounts = accounts.filter(pk__in=valid_now().filter(role=role).values("account_id"))
    for account in accounts[:limit]:
        marks = ["demo"] * account.is_demo + ["closed"] * (not account.is_active)
        typer.echo("\t".join([account.email, account.name, " ".join(held.get(account.pk, [])), " ".join(marks)]))


@app.command("roles")
def list_roles() -> None:
    """List the roles that can be given."""
    for role in roles().values():
        typer.echo(f"{role.code}\t{role.summary.in_language('en')}")


@app.command("organisation")
def add_organisation(
    code: Code,
    fi: Annotated[str, typer.Option(help="Name in Finnish.")] = "",
    sv: Annotated[str, typer.Option(help="Name in Swedish.")] = "",
    en: Annotated[str, typer.Option(help="Name in English.")] = "",
    website: Annotated[str, typer.Option(help="Its address.")] = "",
    city: Annotated[bool, typer.Option("--city", help="It is the city itself.")] = False,
) -> None:
    """Add an organisation, or change its names and website."""
    made = services.ensure_organisation(
        operator(), code=code, name=Text(fi=fi, sv=sv, en=en), website=website, is_city=city
    )
    typer.echo(f"{made.code}: {made}")


@app.command()
def grant(
    email: Email,
    role: RoleCode,
    organisation: Code,
    until: Annotated[datetime | None, typer.Option(help="When the role ends, in the city's time.")] = None,
) -> None:
    """Give an account a role in an organisation."""
    valid_to = timezone.make_aware(until) if until else None
    services.grant_role(operator(), _account(email), _organisation(organisation), role, valid_to=valid_to)
    typer.echo(f"{email} is {role} in {organisation}.")


@app.command()
def end(email: Email, role: RoleCode, organisation: Code) -> None:
    """End a role that an account holds in an organisation."""
    services.end_role(operator(), _account(email), _organisation(organisation), role)
    typer.echo(f"{email} is no longer {role} in {organisation}.")


@app.command()
def export(
    email: Email,
    file: Annotated[Path | None, typer.Option("--file", help="Where to write it; else to the screen.")] = None,
) -> None:
    """Write all that is held about a person as JSON."""
    text = json.dumps(services.export_data_of(operator(), _account(email)), ensure_ascii=False, indent=2)
    if file is None:
        typer.echo(text)
    else:
        file.write_text(text + "\n")
        file.chmod(0o600)


@app.command()
def erase(
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the address again.")] = False,
) -> None:
    """Erase an account and all that is held about the person, for good."""
    account = _account(email)
    if not yes and typer.prompt("Write the address again to erase it for good").strip().lower() != account.email:
        typer.echo("The addresses differ. Nothing was erased.", err=True)
        raise typer.Exit(1)
    for code, count in services.erase_account_of(operator(), account).items():
        typer.echo(f"{code}\t{count}")
