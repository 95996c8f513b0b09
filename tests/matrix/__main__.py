"""``python -m tests.matrix``: installs client releases and calls every Jobs method of each, against the API of every date that matters.

Without options it does so for all releases, and writes ``tests/matrix/matrix.json`` and the page ``fakejobs/docs/matrix.md``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.matrix import page, results
from tests.matrix.environments import Outcomes, install, is_installed, run
from tests.matrix.releases import RELEASES, SUBSET, Release, release


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        chosen = [release(name) for name in options.releases or (SUBSET if options.subset else ())]
    except ValueError as error:
        print(f"tests.matrix: {error}", file=sys.stderr)
        return 2
    releases = chosen or RELEASES
    began = time.monotonic()
    if not options.no_install:
        install(releases)
    elif missing := [each.name for each in releases if not is_installed(each)]:
        print(f"tests.matrix: not installed: {', '.join(missing)}; leave --no-install out", file=sys.stderr)
        return 2
    installed = time.monotonic()
    before = results.load()
    now: dict[str, Outcomes] = {}
    with ThreadPoolExecutor(options.jobs) as threads:
        for each, outcomes in zip(releases, threads.map(run, releases), strict=True):
            now[each.name] = outcomes
            print(_line(each, outcomes), flush=True)
    found = results.problems(before, now)
    if not options.check:
        merged = {**before, **now}
        results.save(merged)
        page.write(merged)
    for problem in found:
        print(problem, file=sys.stderr)
    took = f"installed in {installed - began:.0f} s, ran in {time.monotonic() - installed:.0f} s"
    print(f"{len(releases)} releases, {len(list(results.cells(now)))} cells, {len(found)} problems; {took}")
    return 1 if found else 0


def _line(each: Release, outcomes: Outcomes) -> str:
    """What came of a release, in a few lines: how many cells work, and what the others end in."""
    found = list(results.cells({each.name: outcomes}))
    there = [cell for cell in found if cell.works or cell.failed]
    lines = [f"{each.name}: {sum(cell.works for cell in there)} of {len(there)} cells work"]
    lines += [
        f"  {cell.row}, {cell.door}, API {cell.column}: {cell.outcome} (reason {cell.reason})"
        for cell in there
        if cell.failed
    ]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--subset", action="store_true", help="the first, the last, and one of each generation"
    )
    which.add_argument("--releases", nargs="+", metavar="RELEASE", help="these only")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; only fail if a cell that worked does not"
    )
    parser.add_argument("--jobs", type=int, default=2, help="releases at a time (default: 2)")
    parser.add_argument("--no-install", action="store_true", help="take the environments as they are")
    return parser


if __name__ == "__main__":
    sys.exit(main())
