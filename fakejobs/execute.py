"""``fakejobs exec``: one command against a server of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from shlex import join
from types import FrameType
from typing import TYPE_CHECKING

from fakejobs.cost import cost_of, running_ms
from fakejobs.drivers.sockets import listen
from fakejobs.drivers.threads import serve_in_thread
from fakejobs.handle import FakeJobs, token_of
from fakejobs.hub import FakeHub
from fakejobs.live import live_app
from fakejobs.options import Options
from fakejobs.report import wrong
from fakejobs.scenario import Scenario, load_scenario, open_hub, preset_of_text, with_presets
from fakejobs.tally import Tally
from fakejobs.web.app import wsgi_app
from fakejobs.wire.redact import redact_text

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

QUIET = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1", "DO_NOT_TRACK": "1"}
"""Variables by which clients do without requests that nobody asked for."""

LOOPBACK = "127.0.0.1,localhost"
"""For ``NO_PROXY``: what is reached without a proxy."""

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""Exit codes for a command that cannot be started, as shells have them."""


@dataclass(frozen=True)
class Serving:
    """How ``fakejobs exec`` serves.

    Attributes:
        host: the address to listen on.
        port: the port; 0 picks a free one.
        seed: instead of the scenario's.
        api: instead of the scenario's: as of which day the API is.
        speed: simulated seconds per real second; None: time stands still, and moves with followed streams and repeated reads.
        scenario: a TOML scenario file.
        db: a database file; time runs then, at speed 1 unless ``speed`` says otherwise.
        presets: presets besides the scenario's, each as ``stream_drop`` or ``stream_drop: cut_after = 10``.
        chaos: the level of a mix of what goes wrong.
    """

    host: str = "127.0.0.1"
    port: int = 0
    seed: int | None = None
    api: str | None = None
    speed: float | None = None
    scenario: str | None = None
    db: str | None = None
    presets: tuple[str, ...] = ()
    chaos: str | None = None


def run_command(command: Sequence[str], serving: Serving, say: Callable[[str], None]) -> int:
    """Run a command whose environment points at a fake; returns its exit code, 128 + n if signal n ended it.

    Args:
        command: program and arguments.
        serving: what it runs against.
        say: prints a line of the summary.

    Raises:
        OSError: the address cannot be used.
        ValueError: the scenario or an option cannot be used.
        DatabaseUnusable: the database file cannot be used.
    """
    with ExitStack() as stack:
        scenario = load_scenario(serving.scenario) if serving.scenario is not None else None
        if serving.presets or serving.chaos is not None:
            scenario = with_presets(scenario, _presets(serving), serving.chaos)
        sock = listen(serving.host, serving.port)
        stack.callback(sock.close)
        app, hub, fake = _served(stack, serving, scenario)
        serving_it = serve_in_thread(app, sock=sock, outage=hub.outage, closed_in_frozen_time=False)
        url = stack.enter_context(serving_it).url
        if fake is not None:
            fake.served_at(url)
        home = tempfile.mkdtemp(prefix="fakejobs-exec-")
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        code = run_child(command, environment(url, home, hub), say)
        for line in (*summary(hub), *wrong(hub, again(serving, hub, command))):
            say(f"fakejobs: {line}")
        for problem in fake.problems if fake is not None else ():
            say(redact_text(f"fakejobs: {type(problem).__name__}: {problem}"))
        return code


def _served(
    stack: ExitStack, serving: Serving, scenario: Scenario | None
) -> tuple[WSGIApplication, FakeHub, FakeJobs | None]:
    speeds = serving.speed is not None or serving.db is not None or (scenario and scenario.speed is not None)
    if speeds:
        hub = open_hub(
            serving.db or ":memory:",
            scenario=scenario,
            seed=serving.seed,
            api=serving.api,
            speed=serving.speed,
        )
        stack.callback(hub.close)
        return wsgi_app(hub), hub, None
    fake = FakeJobs(
        Options(
            scenario=serving.scenario,
            seed=serving.seed or 0,
            api=serving.api,
            presets=_presets(serving),
            chaos=serving.chaos,
        )
    )
    stack.callback(fake.close)
    return live_app(lambda: fake), fake.hub, fake


def environment(url: str, home: str, hub: FakeHub) -> dict[str, str]:
    """This process's environment, pointed at the fake and away from the developer's token and cache."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in ("HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH")
    }
    identity = hub.settings.identity
    if not identity.tokens:
        kept["HF_TOKEN"] = token_of(identity.users[0].name)
    return {
        **kept,
        **QUIET,
        "HF_ENDPOINT": url,
        "HF_HOME": home,
        "NO_PROXY": LOOPBACK,
        "no_proxy": LOOPBACK,
    }


def _presets(serving: Serving) -> list[Mapping[str, object]]:
    return [preset_of_text(each) for each in serving.presets]


def again(serving: Serving, hub: FakeHub, command: Sequence[str]) -> str:
    """The command that does the same with the same seed."""
    words = ["fakejobs", "exec", f"--seed={hub.settings.seed}"]
    if serving.api is not None:
        words.append(f"--api={serving.api}")
    if serving.speed is not None:
        words.append(f"--speed={serving.speed:g}")
    if serving.scenario is not None:
        words.append(f"--scenario={serving.scenario}")
    words += [f"--preset={each}" for each in serving.presets]
    if serving.chaos is not None:
        words.append(f"--chaos={serving.chaos}")
    return redact_text(join([*words, "--", *command]))


def summary(hub: FakeHub) -> list[str]:
    """How many jobs ran, virtual hours by flavor, and what they would have cost."""
    tally, flavors, quirks = Tally(), hub.settings.flavors, hub.settings.quirks
    for seen in hub.all_jobs():
        tally.add(seen.job.flavor, 1, running_ms(seen), int(cost_of(seen, flavors, quirks) * 1_000_000))
    return tally.lines()


def run_child(command: Sequence[str], variables: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Run a command to its end, with the signals that would end this process; returns its exit code, as a shell has it.

    Args:
        command: program and arguments.
        variables: its whole environment.
        say: prints why it cannot be started.
    """
    try:
        child = subprocess.Popen(command, env=variables)  # noqa: S603 - it is what the user asked for
    except FileNotFoundError:
        say(f"fakejobs: {command[0]}: command not found")
        return NOT_FOUND
    except OSError as error:
        say(f"fakejobs: {command[0]}: {error.strerror}")
        return NOT_EXECUTABLE
    with _passed_on(child):
        code = child.wait()
    return 128 - code if code < 0 else code


@contextmanager
def _passed_on(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Hand the signals that end this process to the child instead; then its end is ours."""

    def hand_on(number: int, _frame: FrameType | None) -> None:
        # A terminal sends Ctrl-C to the child as well.
        if not (number == signal.SIGINT and sys.stdin is not None and sys.stdin.isatty()):
            child.send_signal(number)

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, hand_on) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
