"""``fakejobs contract verify``. Everything heavy is imported by the command."""

from __future__ import annotations

import click

CONFIRM = "--yes-this-costs-money"


class WrongUse(click.ClickException):
    """There is nothing to try, or it may not be tried: exit code 2, as for a wrong option."""

    exit_code = 2


@click.command()
@click.option("--url", required=True, metavar="URL", help="The server to try: the Hub, or a fakejobs.")
@click.option(
    "--token",
    envvar="HF_TOKEN",
    show_envvar=False,
    show_default=False,
    help="Token of the account whose jobs they are; printed and kept nowhere.  [default: HF_TOKEN of the environment]",
)
@click.option("--only", multiple=True, metavar="GLOB", help="Only facts of this name; may be repeated.")
@click.option("--skip", multiple=True, metavar="GLOB", help="No facts of this name; may be repeated.")
@click.option(
    "--quirk",
    "quirk_pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="Expect this value of a quirk (`fakejobs quirks` lists them), instead of its default; may be repeated.",
)
@click.option(
    "--limit",
    type=click.FloatRange(0, 1000),
    metavar="DOLLARS",
    show_default=False,
    help="What the run may cost at most; facts that could cost more are not run.  [default: 0.20; none on a fakejobs]",
)
@click.option(
    "--patience",
    type=click.FloatRange(0),
    metavar="SECONDS",
    show_default=False,
    help="Leave facts out that may take longer.  [default: 600; 10 on a fakejobs, whose clock is moved]",
)
@click.option(
    "--namespace",
    metavar="NAME",
    help="Where to submit jobs.  [default: the token's user]",
    show_default=False,
)
@click.option(
    "--foreign",
    metavar="NAME",
    help="A namespace in which the token may do nothing, for the facts about that.",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write to this file when each fact was tried, against what, and what came of it.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Print what would be run, and what it would cost; sends two GETs without the token.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option(
    CONFIRM,
    "confirmed",
    is_flag=True,
    help="Needed for every server that is no fakejobs: its jobs cost money.",
)
@click.pass_context
def verify(
    context: click.Context,
    url: str,
    token: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    quirk_pairs: tuple[str, ...],
    limit: float | None,
    patience: float | None,
    namespace: str | None,
    foreign: str | None,
    record: str | None,
    dry_run: bool,
    as_json: bool,
    confirmed: bool,
) -> None:
    """Try every fact that fakejobs is built on against a server: the Hub, or another fakejobs.

    Jobs run on cpu-basic with short timeouts, are labelled, and are cancelled at the end, whatever happens. The exit code
    is 0 if all facts that were run hold, 1 if some differ or jobs may still run, 2 if nothing could be tried or the server
    answers no more, 130 after Ctrl-C.
    """
    import json
    import signal

    from fakejobs.contract.verify import ledger, table
    from fakejobs.contract.verify.money import micro
    from fakejobs.contract.verify.plan import CannotVerify, Wanted, chosen, look_at, purse_for
    from fakejobs.contract.verify.run import verify as try_facts
    from fakejobs.contract.verify.suite import FACTS
    from fakejobs.contract.verify.transport import HttpTransport, NoAnswer
    from fakejobs.model.quirks import quirks_from

    try:
        known = ledger.read(record) if record is not None else None
        wanted = Wanted(
            token=token or "",
            only=only,
            skip=skip,
            quirks=quirks_from(dict(_pair(each) for each in quirk_pairs)),
            limit=None if limit is None else micro(limit),
            patience=patience,
            namespace=namespace,
            foreign=foreign,
        )
        facts = chosen(only, skip)
        transport = HttpTransport(url)
        server = look_at(transport)
    except ValueError as error:  # of all kinds; each has a sentence
        raise WrongUse(str(error)) from None
    if dry_run and as_json:
        raise WrongUse("--dry-run prints text: leave --json out")
    if dry_run:
        table.print_plan(server, wanted, facts, purse_for(server, wanted), click.echo)
        return
    if server.fakejobs is None and not confirmed:
        raise WrongUse(
            f"{server.address} is {server.name}, so its jobs cost money: --dry-run says how much at most, and {CONFIRM} lets it"
        )

    def stop(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        report = try_facts(
            transport,
            server,
            wanted,
            facts=facts,
            on_result=lambda result: None if as_json else table.print_result(result, click.echo),
        )
    except (CannotVerify, NoAnswer) as error:
        raise WrongUse(str(error)) from None
    finally:
        signal.signal(signal.SIGTERM, before)
    if as_json:
        click.echo(json.dumps(table.report_json(report), ensure_ascii=False))
    else:
        table.print_report(report, click.echo)
    if record is not None and known is not None:
        try:
            ledger.write(record, ledger.updated(known, report, FACTS))
        except ledger.BadRecord as error:
            raise WrongUse(str(error)) from None
    if report.stopped:
        context.exit(130 if report.stopped == "interrupted" else 2)
    context.exit(1 if report.differing or report.left else 0)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise ValueError(f"--quirk {text}: write NAME=VALUE, such as cancel_finished=200")
    return name, value
