"""``python -m tests.nightly [payloads] [invalid] [machine] [fuzz]``: the proofs in full, with how long each took."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from tests.conftest import frozen_hub
from tests.nightly import fuzz, invalid, payloads
from tests.nightly.machine import run as play
from tests.support.play import submit


def run_payloads(count: int = 100_000) -> None:
    made = list(payloads.jobs(count))
    print(f"  valid and round-tripped: {payloads.check_schema(made):,}")
    schema = payloads.hub_schema()
    if schema is None:
        print("  the Hub's document is not beside this checkout")
    else:
        print(f"  valid by the Hub's document: {payloads.check_document(made, schema):,}")
    print(f"  never seen: {sorted(payloads.unseen(made)) or 'nothing'}")
    pythons = {
        release: payloads.ROOT / ".venv-clients" / release / "bin/python" for release in payloads.RELEASES
    }
    for release, python in {**pythons, "here": sys.executable}.items():
        print(f"  {release}: {payloads.parse_with(python, made)}")  # type: ignore[arg-type]
    for kind in payloads.KINDS.keys() - {"job"}:
        others = list(payloads.made(kind, count // 10))
        valid = payloads.check_kind(kind, others)
        schema = payloads.hub_schema(kind)
        by_document = payloads.check_document(others, schema) if schema is not None else 0
        missing = sorted(payloads.unseen(others, kind) - payloads.NEVER_SEEN.keys())
        print(
            f"  {kind}: valid {valid:,}, by the Hub's document {by_document:,}; never seen: {missing or 'nothing'}"
        )


def run_invalid(count: int = 50_000) -> None:
    hub = frozen_hub()
    bodies = invalid.refuse_bodies(hub, count)
    print(f"  bodies refused: {count:,}; each of {len(bodies)} rules {min(bodies.values()):,} times or more")
    queries = invalid.refuse_queries(hub, submit(hub), count // 10)
    print(
        f"  queries refused: {count // 10:,}; each of {len(queries)} rules {min(queries.values()):,} times or more"
    )
    hub.close()


def run_fuzz(times: int = 25) -> None:
    if fuzz.run_fuzz(times) != 0:
        sys.exit("fuzzing has found something")


def run_machine(runs: int = 2_000, steps: int = 50) -> None:
    play(runs, steps)
    print(f"  no divergence in {runs:,} runs of up to {steps} steps")


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
