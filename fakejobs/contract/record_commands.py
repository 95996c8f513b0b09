"""``fakejobs record`` and ``fakejobs replay``. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import click


@click.command(context_settings={"allow_interspersed_args": False})
@click.option(
    "--upstream",
    default="https://huggingface.co",
    metavar="URL",
    help="The server whose answers are recorded, http or https.",
)
@click.option(
    "--dir",
    "directory",
    default="recordings",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Where the recordings go; it may not hold any yet.",
)
@click.argument("command", nargs=-1, required=True)
@click.pass_context
def record(context: click.Context, upstream: str, directory: str, command: tuple[str, ...]) -> None:
    """Run COMMAND and record what it asks the Hub for: fakejobs record -- python train.py

    Its environment points at a proxy, which passes everything on, with the caller's own token. When it has ended, a file is written
    for each exchange, in which tokens, secrets, names and ids are replaced. The exit code is the command's.
    """
    from fakejobs.contract.record import record as run

    try:
        code = run(command, upstream, directory, lambda line: click.echo(line, err=True))
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    context.exit(code)


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False))
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option(
    "--port",
    default=8484,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 picks a free one.",
)
@click.option(
    "--speed",
    default=1.0,
    type=click.FloatRange(0, 1_000_000),
    help="How fast streams go, as a multiple of what was recorded; 0: at once.",
)
def replay(directory: str, host: str, port: int, speed: float) -> None:
    """Serve the recordings of DIR until Ctrl-C.

    Each request is answered as it was recorded, repeated ones in their order. Any token will do; users and ids are those of the files.
    """
    from fakejobs.contract.recording import BadRecording
    from fakejobs.contract.replay import replay_app
    from fakejobs.drivers.server import listen, run

    def announce(url: str) -> None:
        click.echo(f"fakejobs replays {directory} on {url}")
        click.echo(f"  export HF_ENDPOINT={url}")
        click.echo("  export HF_TOKEN=hf_any")
        click.echo("Stop it with Ctrl-C.")

    try:
        app = replay_app(directory, speed=speed)
        run(app, sock=listen(host, port), on_ready=announce)
    except BrokenPipeError:
        raise
    except (BadRecording, OSError) as error:
        raise click.ClickException(
            (error.strerror if isinstance(error, OSError) else None) or str(error)
        ) from None
