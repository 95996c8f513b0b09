"""``fakejobs api …``: what the API was when."""

from __future__ import annotations

import click


@click.group()
def api() -> None:
    """What changed in the Jobs API, and when."""


@api.command(name="list")
def list_changes() -> None:
    """List the dates on which the API changed, and what is known of each change.

    Each date may be given to --api, and so may any other since the first: it means the last change before it.
    """
    from fakejobs.wire.history import CHANGES

    for change in CHANGES:
        click.echo(f"{change.day}  {change.text}")
        click.echo(f"            ({change.source})")


@api.command()
@click.argument("one")
@click.argument("other", default="latest")
def diff(one: str, other: str) -> None:
    """Show what came (+) and went (-) between two dates, each YYYY-MM-DD or latest."""
    from fakejobs.model.api_dates import AUTO, api_from
    from fakejobs.wire.changes import changes_between

    try:
        if AUTO in (api_from(one), api_from(other)):
            raise ValueError("api: auto is not one API, but one for each client; give a date or latest")
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    lines = changes_between(one, other)
    click.echo("\n".join(lines) if lines else f"The API of {one} and that of {other} are the same.")


@api.command()
@click.argument("folder", type=click.Path(file_okay=False))
def payloads(folder: str) -> None:
    """Write golden payloads into FOLDER: what the API answered on each day on which it changed, and a README."""
    from pathlib import Path

    from fakejobs.golden import DAYS, write

    try:
        count = write(Path(folder))
    except OSError as error:
        raise click.ClickException(f"{folder}: {error.strerror}") from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{folder}: {count} payloads of {len(DAYS)} days")
