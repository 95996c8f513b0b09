"""Scenario files that are nearly right: loaded, or refused in a sentence that names the file and the place."""

from __future__ import annotations

import json
import re
import tracemalloc
from collections.abc import Mapping
from datetime import date, datetime, time, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client

from fakejobs.model.outcomes import WORDS as THEN_WORDS
from fakejobs.model.past import ADD_JOB_WORDS
from fakejobs.model.quirks import Quirks
from fakejobs.model.rules import WHEN_WORDS
from fakejobs.scenario import ScenarioError, load_scenario, open_hub
from tests.fuzz.bytes_of import damaged, values
from tests.fuzz.served import check_answer, in_virtual_time, unharmed
from tests.fuzz.size import share
from tests.support.play import ME

EXAMPLES = sorted((Path(__file__).parents[2] / "fixtures" / "scenarios").glob("*.toml"))
NOT_FOR_PEOPLE = re.compile(
    r"NoneType|object has no|not subscriptable|unhashable|unexpected keyword|codec can't|<class|Traceback"
)
MOST_MEMORY = 64 * 1024 * 1024


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scenarios")


def load_and_use(folder: Path, written: bytes) -> bool:
    """Whether the file is a scenario; if it is, one can work with it, and if not, the error is for people."""
    path = folder / "mine.toml"
    path.write_bytes(written)
    try:
        hub = open_hub(scenario=load_scenario(path))
    except ScenarioError as error:
        said = str(error)
        assert said.startswith(f"{path}: "), said
        check_sentence(said.removeprefix(f"{path}: "), written)
        return False
    except ValueError as error:  # of jobs that contradict what the scenario says elsewhere
        if not str(error).startswith("jobs["):
            raise
        check_sentence(str(error), written)
        return False
    hub.clock.freeze()
    web = Client(in_virtual_time(hub))
    token = {"Authorization": "Bearer hf_any"}
    for _ in range(2):
        check_answer(web.post(f"/api/jobs/{ME}", headers=token, json={"flavor": "h200", "dockerImage": "x"}))
    for seen in hub.all_jobs()[-3:]:
        for way in ("", "/logs?tail=3", "/events", "/metrics", "/logs"):
            check_answer(web.get(f"/api/jobs/{seen.job.namespace}/{seen.job.id}{way}", headers=token))
    unharmed(web)
    hub.close()
    return True


def check_sentence(said: str, written: bytes) -> None:
    assert 10 < len(said) < 2000 + len(written), said  # an unknown word is named in full
    assert not NOT_FOR_PEOPLE.search(said), said
    # A word of the file, a position in it, or what is wrong with the whole.
    assert re.match(
        r"[\w\"'.\[\]<>…*@-]+.*: |.*\(?at line \d+|.*at end of document|is not UTF-8|nested too deeply",
        said,
        re.DOTALL,
    ), said


# ------------------------------------------------------------------------------------------------ valid ones, damaged


@share(150)
@given(data=st.data(), example=st.sampled_from(EXAMPLES))
def test_damaged_examples(folder: Path, data: st.DataObject, example: Path) -> None:
    load_and_use(folder, data.draw(damaged(example.read_bytes())))


def test_the_examples_themselves_are_scenarios(folder: Path) -> None:
    for example in EXAMPLES:
        assert load_and_use(folder, example.read_bytes()), example


# ---------------------------------------------------------------------------------------------------- generated ones

_WORDS = tuple(
    {
        *WHEN_WORDS,
        *THEN_WORDS,
        *ADD_JOB_WORDS,
        "between",
        "capacity",
        "user",
        "token",
        "role",
        "members",
        "plan",
        "fullname",
    }
)
_TIMES = st.sampled_from(
    [
        date(1, 1, 1),
        date(9999, 12, 31),
        datetime(2026, 1, 1),
        datetime(2026, 1, 1, tzinfo=timezone.utc),
        time(1),
    ]
)
_ODD = st.one_of(
    values(_WORDS), _TIMES, st.sampled_from([float("inf"), float("nan"), 1e308, -(2**63), 2**63, 10**400])
)
_LENGTHS = st.one_of(
    _ODD,
    st.sampled_from(["1h", 60, "100y", "99y", "forever", 0, {"between": ["1s", "99y"]}, {"between": [0, 0]}]),
)
_WHEN = st.dictionaries(st.sampled_from(sorted(WHEN_WORDS)), _ODD, max_size=2)
_THEN = st.fixed_dictionaries(
    {},
    optional={
        "scheduling": _LENGTHS,
        "running": _LENGTHS,
        "logs": st.one_of(
            _ODD,
            st.lists(
                st.one_of(st.text(max_size=5), st.tuples(_LENGTHS, st.text(max_size=3)).map(list)), max_size=4
            ),
        ),
        "exit_code": st.one_of(_ODD, st.integers(0, 255)),
        "attempts": _ODD,
        "stage": st.one_of(_ODD, st.sampled_from(["ERROR", "COMPLETED", "RUNNING"])),
    },
)
_JOBS = st.dictionaries(st.sampled_from(sorted(ADD_JOB_WORDS)), st.one_of(_ODD, _LENGTHS), max_size=4)
_TABLES: dict[str, st.SearchStrategy[Any]] = {
    "seed": st.one_of(_ODD, st.integers(-(2**63), 2**63 - 1)),
    "start": st.one_of(
        _ODD, st.sampled_from(["now", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z"])
    ),
    "speed": st.one_of(_ODD, st.sampled_from([1e6, 1e-9, 5e-324, 1])),
    "frozen": st.one_of(_ODD, st.booleans()),
    "quirks": st.one_of(
        _ODD, st.dictionaries(st.sampled_from(sorted(Quirks.__dataclass_fields__)), _ODD, max_size=3)
    ),
    "users": st.one_of(
        _ODD, st.lists(st.one_of(_ODD, st.just(ME), st.fixed_dictionaries({"name": _ODD})), max_size=3)
    ),
    "orgs": st.one_of(
        _ODD,
        st.lists(
            st.fixed_dictionaries({"name": st.just("acme")}, optional={"members": _ODD, "plan": _ODD}),
            max_size=2,
        ),
    ),
    "tokens": st.one_of(
        _ODD,
        st.lists(
            st.dictionaries(st.sampled_from(["token", "user", "role", "name"]), _ODD, max_size=4), max_size=2
        ),
    ),
    "flavors": st.one_of(
        _ODD,
        st.dictionaries(
            st.sampled_from(["h200", "cpu-basic", "x"]),
            st.one_of(_ODD, st.fixed_dictionaries({"capacity": _ODD})),
            max_size=2,
        ),
    ),
    "rules": st.one_of(
        _ODD,
        st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "when": st.one_of(_WHEN, _ODD),
                    "then": st.one_of(_THEN, st.lists(_THEN, max_size=3), _ODD),
                },
            ),
            max_size=3,
        ),
    ),
    "jobs": st.one_of(_ODD, st.lists(st.one_of(_JOBS, _ODD), max_size=3)),
    "strange": _ODD,
}


def toml(value: Any) -> str:
    """A value, as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, date, datetime, time)):
        return str(value) if not isinstance(value, float) else repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{toml(str(key))} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    return '"none"'


@share(250)
@given(
    words=st.lists(st.sampled_from(sorted(_TABLES)), max_size=3, unique=True).flatmap(
        lambda keys: st.fixed_dictionaries({key: _TABLES[key] for key in keys})
    )
)
def test_generated_scenarios(folder: Path, words: Mapping[str, Any]) -> None:
    written = "".join(f"{key} = {toml(value)}\n" for key, value in words.items())
    load_and_use(folder, written.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "written",
    [
        "a = " + "[" * 5_000 + "]" * 5_000,
        "a." * 5_000 + "b = 1",
        "[" + "a." * 3_000 + "b]",
        "rules = " + "{a = " * 2_000 + "1" + "}" * 2_000,
        "seed = " + "9" * 5_000,
        "seed = 0x" + "f" * 100_000,
        "speed = 1" + "0" * 4_000 + ".0",
        'start = "' + "9" * 100_000 + '"',
        "users = [" + '"u",' * 50_000 + "]",
        '[[rules]]\nthen = { running = "' + "9" * 5_000 + 'h" }',
        '[[rules]]\nthen = { running = 1e300, logs = ["x"] }',
        '[[rules]]\nthen = { running = "99y", logs = [' + '"x",' * 50_000 + "] }",
        "[[rules]]\nthen = [" + "{ running = 1 }," * 4_000 + "]",
        '[[rules]]\nwhen = { flavor = "' + "*a" * 5_000 + '" }',
        '[[rules]]\nwhen = { image = "' + "*" * 5_000 + '" }',
        "[flavors.h200]\ncapacity = " + "9" * 30,
        '[[jobs]]\nage = "100y"\nattempts = 9007199254740991\nlogs = ["x"]',
        '[[jobs]]\nstage = "RUNNING"\nage = "99y"\nrunning = "99y"',
        '[[jobs]]\nlabels = { ' + ", ".join(f'k{number} = "v"' for number in range(5_000)) + " }",
        "".join(f"[[jobs]]\nstage = \"ERROR\"\nage = \"{number}m\"\n" for number in range(500)),
    ],
    ids=lambda written: written[:30].replace("\n", " "),
)  # fmt: skip
def test_large_and_deep_ones_take_no_time_and_no_more_memory_than_is_stated(
    folder: Path, written: str
) -> None:
    tracemalloc.start()
    try:
        load_and_use(folder, written.encode())
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MOST_MEMORY
