"""`talkoot gardens`."""

import typer

from talkoot.core.register.models import Thing

app = typer.Typer()


@app.command()
def count() -> None:
    """Print how many gardens the register holds."""
    typer.echo(Thing.objects.filter(kind="community_garden", valid_to__isnull=True).count())
