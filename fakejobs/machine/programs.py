"""What the programs of `fakejobs.machine.JobsMachine` are made of: bodies, what jobs do, when they are scheduled, and what is asked wrongly."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from fakejobs.generate.values import Body
from fakejobs.machine.scripted import Then
from fakejobs.model.stages import JobStage

STAGES = st.lists(st.sampled_from([stage.value for stage in JobStage]), max_size=2, unique=True)
"""Stages that lists and counts are filtered by."""

TAILS = st.none() | st.integers(0, 3)
"""How much of a log is asked for."""

_LISTS = st.lists(st.integers(1, 65535), max_size=3)
PORTS: st.SearchStrategy[dict[str, list[int]]] = st.one_of(
    st.builds(lambda ports: {"ports": ports}, _LISTS),
    st.builds(lambda ports: {"ports": ports, "portsPublic": ports[:1]}, _LISTS),
    st.just({"ports": [8000], "portsPublic": [8001]}),
)
"""Ports to expose; perhaps the first is public, or one that is none of them."""

BAD_PORTS: st.SearchStrategy[dict[str, list[int]]] = st.sampled_from(
    ({"ports": [0]}, {"ports": [65536]}, {"ports": [8000] * 21})
)
"""Ports that are refused."""

BAD_LABELS: st.SearchStrategy[dict[str, str]] = st.sampled_from(
    ({"": "x"}, {"a b": "x"}, {"key": "ü"}, {"key": "a/b"}, {"k" * 101: ""}, {"key": "v" * 101})
)
"""Labels that are refused."""

SCHEDULES = st.sampled_from(
    (
        "*/5 * * * *",
        "@hourly",
        "*/5 * * * *",
        "@daily",
        "30 6 * * 1-5",
        "15,45 * * * *",
        "0 */6 * * *",
        "0 0 1 * 1",
    )
)
"""When scheduled jobs run."""

BAD_SCHEDULES = st.sampled_from(
    ("@midnight", "* * * *", "75 * * * *", "5-1 * * * *", "0 0 30 2 *", "0 0 * * MON", "")
)
"""Schedules that are refused."""

UNKNOWN_IDS = st.sampled_from(("0" * 24, "f" * 24, "nonsense"))
"""Ids that no job has."""

SHORT_BODIES: st.SearchStrategy[Body] = st.fixed_dictionaries(
    {"dockerImage": st.just("python:3.12"), "flavor": st.just("cpu-basic")},
    optional={
        "timeoutSeconds": st.sampled_from((60, 1, 3600)),
        "attempts": st.sampled_from((2, 3)),
        "labels": st.sampled_from(({"name": "train"}, {"name": "eval", "team": ""})),
    },
)
"""Bodies with nothing but what matters to the life of a job."""

_SECONDS = st.sampled_from((0, 5, 60, 3600, 0.001, 1.999, 1801))
_LENGTHS: st.SearchStrategy[object] = st.one_of(_SECONDS, st.just("forever"))
_OFFSETS = st.lists(_SECONDS, max_size=3)
_TEXTS = st.sampled_from(("a", "b", "", "100%|████| 3/3\r", "\x1b[31mé\u2028"))
_ENDINGS: st.SearchStrategy[Mapping[str, object]] = st.sampled_from(
    (
        {},
        {},
        {},
        {"exit_code": 1},
        {"exit_code": 52, "message": "the disk is full"},
        {"oom": True},
        {"image_pull_error": True},
        {"message": "done"},
        {"stage": "CANCELED"},
        {"stage": "CANCELED", "cancel_reason": "NO_CREDITS"},
        {"stage": "DELETED"},
    )
)


@st.composite
def outcomes(draw: st.DrawFn) -> Then:
    """What jobs are scripted to do: words of ``then`` (`fakejobs.model.outcomes.outcome_from`) that leave nothing to chance.

    Lengths are seconds, to the millisecond, or ``"forever"``, and logs have offsets, so that a model can tell what will be when. Simplest: a job that starts
    and ends at once.
    """
    then: dict[str, object] = {"scheduling": draw(_LENGTHS)}
    ending = draw(_ENDINGS)
    if "image_pull_error" in ending:
        return {**then, **ending}
    then["running"] = running = draw(_LENGTHS)
    longest = 3600 if running == "forever" else running
    assert isinstance(longest, (int, float))
    offsets = sorted(min(longest, offset) for offset in draw(_OFFSETS))
    if offsets:
        then["logs"] = [[offset, draw(_TEXTS)] for offset in offsets]
    return {**then, **ending}
