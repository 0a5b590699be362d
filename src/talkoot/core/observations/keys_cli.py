"""`talkoot observations keys`: keys for devices and programs from the city's own shell."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from django.utils import timezone

from talkoot.core.base.actors import operator
from talkoot.core.base.errors import NotFoundError
from talkoot.core.observations.models import Datastream, Token
from talkoot.core.observations.services import end_token, make_token
from talkoot.core.people.models import Account

app = typer.Typer(no_args_is_help=True, help="Keys with which devices and programs use the SensorThings interface.")


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="What the key is for, such as the device's name.")],
    account: Annotated[str, typer.Option(help="The e-mail address of the account that answers for it.")],
    datastream: Annotated[list[int] | None, typer.Option(help="A datastream that a device may write to.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="For how long; for ever without.")] = None,
) -> None:
    """Make a key and show it once: a device's with --datastream, else one that acts as the account."""
    holder = Account.objects.filter(email=account.strip().lower()).first()
    if holder is None:
        raise NotFoundError(f"Nobody has an account with the address {account}.")
    bound = Datastream.objects.select_related("thing").in_bulk(datastream or [])
    if missing := [number for number in datastream or [] if number not in bound]:
        raise NotFoundError(f"There is no datastream {missing[0]}.")
    until = timezone.now() + timedelta(days=days) if days is not None else None
    token, secret = make_token(
        operator(), name=name, account=holder, datastreams=list(bound.values()), expires_at=until
    )
    typer.echo(f"Key {token.pk}, shown this once: {secret}")


@app.command("list")
def list_keys() -> None:
    """List the keys that open something now."""
    for token in Token.objects.filter(ended_at__isnull=True).select_related("account").order_by("pk"):
        reach = f"datastreams {sorted(each.pk for each in token.datastreams.all())}" if token.is_bound else "all it may"
        until = f" until {token.expires_at:%Y-%m-%d}" if token.expires_at is not None else ""
        typer.echo(f"{token.pk}\t{token.name}\t{token.account.email}\t{reach}{until}")


@app.command()
def end(number: Annotated[int, typer.Argument(help="The key's number; `list` shows it.")]) -> None:
    """Let a key open nothing from now on."""
    token = Token.objects.filter(pk=number).first()
    if token is None:
        raise NotFoundError(f"There is no key {number}.")
    end_token(operator(), token)
    typer.echo(f"Key {number} has ended.")
