"""``fakejobs contract …``: the commands. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import json

import click
from click.core import ParameterSource

from fakejobs.contract.verify_commands import verify

HUB_DOCUMENT = "https://huggingface.co/.well-known/openapi.json"
"""Where the Hub publishes its OpenAPI document."""


class CannotCheck(click.ClickException):
    """There is nothing to check, or nothing to check it against: exit code 2, as for a wrong option."""

    exit_code = 2


def echo(line: str) -> None:
    """Print a line; where its arrows cannot be written (a pipe on Windows), they are spelled out."""
    try:
        click.echo(line)
    except UnicodeEncodeError:
        click.echo(line.replace("→", "->").encode("ascii", "replace").decode())


@click.group()
def contract() -> None:
    """Hold fakejobs against the Hub: its document, its answers, recordings."""


@contract.command()
@click.option(
    "--spec",
    default=HUB_DOCUMENT,
    metavar="FILE_OR_URL",
    help="An OpenAPI document of the Hub, in JSON; only what it says of Jobs counts.",
)
@click.option(
    "--url",
    metavar="URL",
    help="Check live answers of this server, by GET requests alone.  [default: a fake in this process, every route]",
)
@click.option(
    "--token",
    envvar="HF_TOKEN",
    show_envvar=False,
    help="Token for --url, sent nowhere else and printed never.  [default: HF_TOKEN of the environment]",
    show_default=False,
)
@click.option(
    "--api",
    "day",
    default="latest",
    metavar="DATE",
    help="Compare the API as fakejobs knows it of that day (YYYY-MM-DD) with the document.",
)
@click.option(
    "--explained",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="TOML file with differences of your own that are no surprise, each with its reason.",
)
@click.option(
    "--recordings",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Hold the fake against what `fakejobs record` wrote, instead of a document; with --spec, against both.",
)
@click.option("--strict", is_flag=True, help="Fail for explained differences that are no longer there, too.")
@click.option("--all", "show_all", is_flag=True, help="Show explained differences, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.pass_context
def check(
    context: click.Context,
    spec: str,
    url: str | None,
    token: str | None,
    day: str,
    explained: str | None,
    recordings: str | None,
    strict: bool,
    show_all: bool,
    as_json: bool,
) -> None:
    """Compare the API that fakejobs knows with an OpenAPI document of the Hub, and live answers with both.

    The exit code is 0 if every difference is explained, 1 if not, 2 if there is nothing to compare.
    """
    from fakejobs.contract.check import Asked, print_report, report_json, run_check
    from fakejobs.contract.recordings_check import (
        check_recordings,
        print_recordings_report,
        recordings_report_json,
    )

    only_recordings = recordings and context.get_parameter_source("spec") is ParameterSource.DEFAULT
    try:
        recorded = None if recordings is None else check_recordings(recordings)
        if recorded is not None and not as_json:
            print_recordings_report(recorded, echo)
        asked = Asked(spec, url=url, token=token, day=day, explained=explained)
        report = None if only_recordings else run_check(asked)
    except ValueError as error:
        raise CannotCheck(str(error)) from None
    if as_json:
        found = {} if report is None else report_json(report, strict=strict)
        if recorded is not None:
            said = recordings_report_json(recorded)
            found = said if report is None else {**found, "recordings": said}
        click.echo(json.dumps(found, indent=2))
    elif report is not None:
        print_report(report, echo, strict=strict, show_all=show_all)
    codes = [0 if recorded is None else recorded.exit_code]
    codes.append(0 if report is None else report.exit_code(strict=strict))
    context.exit(max(codes))


contract.add_command(verify)
