"""``python -m tests.nightly [payloads] [invalid] [machine] [fuzz]``: the proofs in full, with how long each took."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.conftest import frozen_hub
from tests.nightly import fuzz, invalid, others, payloads
from tests.nightly.machine import other_quirks
from tests.nightly.machine import run as play
from tests.support.play import submit


def run_payloads(count: int = 100_000) -> None:
    for kind in payloads.KINDS:
        made = list(payloads.made(kind, count if kind == "job" else count // 10))
        valid = payloads.check_schema(made) if kind == "job" else payloads.check_kind(kind, made)
        schema = payloads.hub_schema(kind)
        by_document = (
            "the Hub's document is not beside this checkout"
            if schema is None
            else f"by the Hub's document {payloads.check_document(made, schema):,}"
        )
        missing = payloads.unseen(made, kind) - payloads.NEVER_SEEN.keys()
        assert not missing, f"{kind}: never seen: {sorted(missing)}"
        print(f"  {kind}: valid {valid:,}; {by_document}; every key and value seen")
        if kind == "job":
            run_clients(made)
    for kind in others.CHECKS:
        sorts = others.check(kind, count // 10)
        print(f"  {kind}: right {sum(sorts.values()):,}; of {len(sorts)} sorts")


def run_clients(made: list[payloads.Payload]) -> None:
    pythons = {
        release: payloads.ROOT / ".venv-clients" / release / "bin/python" for release in payloads.RELEASES
    }
    for python in (*pythons.values(), Path(sys.executable)):
        answer = payloads.parse_with(python, made)
        assert (answer["failure"], answer["parsed"]) == (None, len(made)), answer
        print(f"  parsed by {answer['release']}: {answer['parsed']:,}")


def run_invalid(count: int = 50_000) -> None:
    hub = frozen_hub()
    bodies = invalid.refuse_bodies(hub, count)
    print(f"  bodies refused: {count:,}; each of {len(bodies)} rules {min(bodies.values()):,} times or more")
    scheduled = invalid.refuse_scheduled(hub, count // 5)
    print(
        f"  bodies of scheduled jobs refused: {count // 5:,}; each of {len(scheduled)} rules {min(scheduled.values()):,} times or more"
    )
    queries = invalid.refuse_queries(hub, submit(hub), count // 10)
    print(
        f"  queries refused: {count // 10:,}; each of {len(queries)} rules {min(queries.values()):,} times or more"
    )
    print(f"  bodies of scheduled jobs taken: {invalid.take_scheduled(hub, count // 50):,}")
    hub.close()


def run_fuzz(times: int = 60) -> None:
    if fuzz.run_fuzz(times) != 0:
        sys.exit("fuzzing has found something")


def run_machine(runs: int = 2_000, steps: int = 50) -> None:
    play(runs, steps)
    print(f"  no divergence in {runs:,} runs of up to {steps} steps")
    for quirk, value in other_quirks():
        play(runs // 40, steps, **{quirk: value})
    print(f"  nor in {runs // 40:,} with each quirk the other way")


PARTS: dict[str, Callable[[], None]] = {
    "payloads": run_payloads,
    "invalid": run_invalid,
    "machine": run_machine,
    "fuzz": run_fuzz,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        print(name)
        began = time.perf_counter()
        PARTS[name]()
        print(f"  {time.perf_counter() - began:.0f} s")
