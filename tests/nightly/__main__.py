"""``python -m tests.nightly [payloads] [invalid]``: the proofs in full, with how long each took."""

from __future__ import annotations

import sys
import time

from tests.conftest import frozen_hub
from tests.nightly import invalid, payloads
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


def run_invalid(count: int = 50_000) -> None:
    hub = frozen_hub()
    print(f"  bodies refused: {dict(invalid.refuse_bodies(hub, count))}")
    print(f"  queries refused: {dict(invalid.refuse_queries(hub, submit(hub), count // 10))}")
    hub.close()


PARTS = {"payloads": run_payloads, "invalid": run_invalid}

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        print(name)
        began = time.perf_counter()
        PARTS[name]()
        print(f"  {time.perf_counter() - began:.0f} s")
