"""The command line. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import gc
import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Literal

import click

from fakejobs.api_commands import api
from fakejobs.contract.commands import contract
from fakejobs.contract.record_commands import record, replay
from fakejobs.model.api_dates import LATEST
from fakejobs.version import VERSION

DEFAULT_PORT = 8484
DEFAULT_TOKEN = "hf_fakejobs"  # noqa: S105 - any token will do


# What every command that serves a hub takes.
_HOST = click.option("--host", default="127.0.0.1", help="Address to listen on.")
_SEED = click.option("--seed", type=int, help="What ids, delays and metrics are drawn from.  [default: 0]")
_API = click.option(
    "--api",
    metavar="DATE",
    help="Serve the API as of that day (YYYY-MM-DD); auto: each client gets the newest that it can read. `fakejobs api list` tells what "
    "changed when.  [default: latest]",
)
_SCENARIO = click.option(
    "--scenario",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="TOML file with settings, clock and rules.",
)


_PRESETS = click.option(
    "--preset",
    "presets",
    multiple=True,
    metavar="NAME",
    help="Let happen what users have met, such as stream_drop; may be repeated. Words of its own follow a colon: "
    '"stream_drop: cut_after = 10". `fakejobs presets` lists all.',
)
_CHAOS = click.option(
    "--chaos", metavar="LEVEL", help="A mix of what goes wrong, drawn from the seed: low, medium or high."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(VERSION, prog_name="fakejobs")
def main() -> None:
    """The Hugging Face Jobs API, offline."""


@main.command()
@_HOST
@click.option(
    "--port",
    default=DEFAULT_PORT,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 picks a free one.",
)
@_SEED
@_API
@click.option(
    "--speed",
    type=click.FloatRange(0, 1_000_000, min_open=True),
    help="Simulated seconds per real second: with 60, a minute takes one second.  [default: 1]",
)
@_SCENARIO
@_PRESETS
@_CHAOS
@click.option(
    "--db",
    type=click.Path(dir_okay=False),
    metavar="PATH",
    help="SQLite file that keeps jobs, rules and clock over a restart.  [default: in memory]",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False),
    metavar="PATH",
    help="File to write the URL to as soon as connections are accepted; removed at the end.",
)
@click.option(
    "--server",
    type=click.Choice(["auto", "uvicorn", "werkzeug"]),
    default="auto",
    help="auto is uvicorn if it is installed.",
)
def serve(
    host: str,
    port: int,
    seed: int | None,
    api: str | None,
    speed: float | None,
    scenario: str | None,
    presets: tuple[str, ...],
    chaos: str | None,
    db: str | None,
    ready_file: str | None,
    server: Literal["auto", "uvicorn", "werkzeug"],
) -> None:
    """Serve the Jobs API until Ctrl-C."""
    from fakejobs.drivers.server import ServerMissing, listen, run
    from fakejobs.scenario import (
        ScenarioError,
        load_scenario,
        open_hub,
        preset_of_text,
        with_presets,
    )
    from fakejobs.store.database import DatabaseUnusable
    from fakejobs.web.app import wsgi_app

    if ready_file is not None:
        if not Path(ready_file).absolute().parent.is_dir():
            raise click.ClickException(f"--ready-file {ready_file}: its folder does not exist; make it first")
        # One from an earlier run would send whoever waits for it to a server that is gone.
        _ready_file(ready_file, None)
    try:
        loaded = load_scenario(scenario) if scenario is not None else None
        if presets or chaos is not None:
            loaded = with_presets(loaded, [preset_of_text(each) for each in presets], chaos)
        sock = listen(host, port)
    except (ScenarioError, ValueError, OSError) as error:
        raise click.ClickException(_said(error)) from None
    try:
        hub = open_hub(db or ":memory:", scenario=loaded, seed=seed, api=api, speed=speed)
    except (DatabaseUnusable, ValueError) as error:
        sock.close()
        raise click.ClickException(str(error)) from None

    def announce(url: str) -> None:
        # What was loaded stays for good: the garbage collector need not walk through it again and again between requests.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 10, 10)
        as_of = "" if hub.settings.api == LATEST else f"API {hub.settings.api}, "
        state = f"seed {hub.settings.seed}, {as_of}" + (
            "time frozen" if hub.clock.frozen else f"speed {hub.clock.speed:g}"
        )
        if (drawn := hub.drawn_chaos) is not None:
            state += f", chaos {drawn.level}"
        click.echo(f"fakejobs {VERSION} serves the Jobs API on {url} ({state}{f', {db}' if db else ''})")
        click.echo("Point a shell's hf and Python at it:")
        for line in environment(url, needs_token=bool(hub.settings.identity.tokens)):
            click.echo(f"  {line}")
        click.echo("Stop it with Ctrl-C.")
        if ready_file is not None:
            _ready_file(ready_file, url)

    try:
        run(wsgi_app(hub), sock=sock, server=server, on_ready=announce, outage=hub.outage)
    except BrokenPipeError:  # `| head -1`: click ends quietly then, as other commands do
        raise
    except (ServerMissing, OSError) as error:
        raise click.ClickException(_said(error)) from None
    finally:
        hub.close()
        if ready_file is not None:
            _ready_file(ready_file, None)


@main.command(name="exec", context_settings={"allow_interspersed_args": False})
@_HOST
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="Port to listen on; 0 picks a free one."
)
@_SEED
@_API
@click.option(
    "--speed",
    type=click.FloatRange(0, 1_000_000, min_open=True),
    help="Simulated seconds per real second.  [default: time stands still, and moves when a stream is followed or an unfinished job is "
    "asked for again]",
)
@_SCENARIO
@_PRESETS
@_CHAOS
@click.option(
    "--db",
    type=click.Path(dir_okay=False),
    metavar="PATH",
    help="SQLite file that keeps jobs, rules and clock; time runs then.  [default: in memory]",
)
@click.argument("command", nargs=-1, required=True)
@click.pass_context
def execute(
    context: click.Context,
    host: str,
    port: int,
    seed: int | None,
    api: str | None,
    speed: float | None,
    scenario: str | None,
    presets: tuple[str, ...],
    chaos: str | None,
    db: str | None,
    command: tuple[str, ...],
) -> None:
    """Run COMMAND against a server of its own, on a free port: fakejobs exec -- npm test.

    Its environment points at the server. At the end a summary goes to stderr, and the exit code is the command's.
    """
    from fakejobs.execute import Serving, run_command
    from fakejobs.scenario import ScenarioError
    from fakejobs.store.database import DatabaseUnusable

    try:
        serving = Serving(host, port, seed, api, speed, scenario, db, presets, chaos)
        code = run_command(command, serving, lambda line: click.echo(line, err=True))
    except (ScenarioError, OSError, DatabaseUnusable, ValueError) as error:
        raise click.ClickException(_said(error)) from None
    context.exit(code)


@main.command()
@click.option("--url", default=f"http://127.0.0.1:{DEFAULT_PORT}", help="Where the server is.")
def env(url: str) -> None:
    """Print the lines that point a shell at a server: eval "$(fakejobs env)"."""
    if not url.startswith(("http://", "https://")):
        raise click.ClickException(f"--url {url}: give an address such as http://127.0.0.1:{DEFAULT_PORT}")
    for line in environment(url.rstrip("/")):
        click.echo(line)


@main.command()
def demo() -> None:
    """Run three jobs through the real huggingface_hub client, against a server of its own."""
    from fakejobs.demo import DemoFailed, run_demo

    try:
        run_demo(click.echo)
    except DemoFailed as error:
        raise click.ClickException(str(error)) from None


@main.command()
def quirks() -> None:
    """List what the Hub does and nobody has documented, with the evidence for each default (Markdown)."""
    from fakejobs.model.quirks import page

    click.echo(page(), nl=False)


@main.command(name="presets")
def list_presets() -> None:
    """List what users have met, as presets that make it happen (Markdown)."""
    from fakejobs.model.presets import page

    click.echo(page(), nl=False)


@main.command()
@click.option("--count", default=10, type=click.IntRange(min=0), help="How many.")
@click.option("--seed", default=0, type=click.IntRange(min=0), help="The same seed prints the same bytes.")
@click.option("--kind", default="job", metavar="KIND", help="What; --kind list names all kinds.")
@click.option("--stage", help="Only jobs in this stage, such as ERROR.  [default: any]")
@click.option(
    "--date", default="latest", metavar="DATE", help="As the API of that day has them, such as 2026-05-01."
)
def payloads(count: int, seed: int, kind: str, stage: str | None, date: str) -> None:
    """Print valid payloads as JSON lines, for suites in any language."""
    from itertools import islice

    from fakejobs.generate.jobs import check_stage
    from fakejobs.generate.kinds import KINDS, endless, line
    from fakejobs.model.units import did_you_mean

    if kind == "list":
        click.echo("\n".join(KINDS))
        return
    if kind not in KINDS:
        raise click.ClickException(f"--kind {kind}: unknown{did_you_mean(kind, KINDS)}")
    if stage is not None and kind != "job":
        raise click.ClickException(f"--stage {stage}: only --kind job has stages")
    try:
        check_stage(stage, date)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    made = endless(kind, seed=seed, stage=stage, date=date)
    out = sys.stdout.buffer
    left = count
    while left > 0:
        batch = list(islice(made, min(left, 1000)))
        out.write(b"".join(map(line, batch)))
        left -= len(batch)


def environment(url: str, *, needs_token: bool = False) -> list[str]:
    """The lines of a shell that point ``hf`` and huggingface_hub at ``url``."""
    token = (
        "# HF_TOKEN: one of the tokens of the scenario" if needs_token else f"export HF_TOKEN={DEFAULT_TOKEN}"
    )
    return [f"export HF_ENDPOINT={shlex.quote(url)}", token]


def _ready_file(path: str, url: str | None) -> None:
    """Write the URL to the file in one step, or remove the file."""
    try:
        if url is None:
            Path(path).unlink(missing_ok=True)
            return
        handle, temporary = tempfile.mkstemp(dir=Path(path).absolute().parent, prefix=".fakejobs-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(url + "\n")
        Path(temporary).replace(path)
    except OSError as error:
        raise click.ClickException(f"--ready-file {path}: {error.strerror}") from None


def _said(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


main.add_command(api)
main.add_command(contract)
main.add_command(record)
main.add_command(replay)

if __name__ == "__main__":
    main()
