"""What an assertion that compares submitted jobs says when it fails."""

from __future__ import annotations

from fakejobs.submitted import Submissions, SubmittedJob


def explain(op: str, left: object, right: object) -> list[str] | None:
    """Lines for pytest; None for comparisons that are not ours."""
    for mine, other in ((left, right), (right, left)):
        if isinstance(mine, Submissions) and not isinstance(other, Submissions):
            return [f"{left!r} {op} {right!r}", *mine.explanation()]
        if isinstance(mine, SubmittedJob) and isinstance(other, str) and op in ("==", "!="):
            return [f"{left!r} {op} {right!r}", f"a job is not a stage: its stage is {mine.stage!r} (.stage)"]
    return None
