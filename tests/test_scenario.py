"""Scenario files: the examples of this repository, what can be wrong with one, and opening a hub with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakejobs.clock import Anchor
from fakejobs.hub import FakeHub
from fakejobs.model.refusal import Refusal
from fakejobs.model.times import from_iso
from fakejobs.scenario import Scenario, ScenarioError, load_scenario, open_hub, scenario_from
from tests.support.play import ME, body, look, stage, submit

EXAMPLES = Path(__file__).parents[1] / "fixtures" / "scenarios"


def opened(name: str) -> FakeHub:
    """The hub of an example, with frozen time."""
    hub = open_hub(scenario=load_scenario(EXAMPLES / name))
    hub.clock.freeze()
    return hub


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_opens(path: Path) -> None:
    scenario = load_scenario(path)
    hub = open_hub(scenario=scenario)
    assert scenario.start is not None
    assert 0 <= hub.clock.now() - scenario.start < 60_000
    assert [rule.source for rule in hub.rules()] == ["scenario"] * len(scenario.rules)
    hub.close()


def test_there_are_examples() -> None:
    assert len(list(EXAMPLES.glob("*.toml"))) >= 3


def test_failures() -> None:
    hub = opened("failures.toml")
    names = ("fine", "fails", "oom", "hangs", "no-image", "stuck")
    jobs = {name: submit(hub, labels={"name": name}) for name in names}
    hub.clock.advance(3_600_000)
    statuses = {}
    for name, job in jobs.items():
        status = body(hub, job)["status"]
        assert isinstance(status, dict)
        statuses[name] = (status["stage"], status["message"])
    assert statuses == {
        "fine": ("COMPLETED", None),
        "fails": ("ERROR", "Job failed with exit code: 1. Reason: Error"),
        "oom": ("ERROR", "Job failed with exit code: 137. Reason: OOMKilled"),
        "hangs": ("ERROR", "Job timeout"),
        "no-image": ("ERROR", "Failed to pull image"),
        "stuck": ("SCHEDULING", None),
    }


def test_scarce_gpus() -> None:
    hub = opened("scarce-gpus.toml")
    jobs = [submit(hub, flavor="a100-large", timeoutSeconds=7_200) for _ in range(3)]
    hub.clock.advance(10 * 60_000)
    assert sorted(stage(hub, job) for job in jobs) == ["RUNNING", "RUNNING", "SCHEDULING"]
    plans = sorted((look(hub, job).job.plan for job in jobs), key=lambda plan: plan.start)
    assert all(60_000 <= plan.start - plan.created <= 300_000 for plan in plans[:2])


def test_team() -> None:
    hub = opened("team.toml")
    assert hub.clock.now() == from_iso("2026-01-01T00:00:00Z")
    ada, guest = hub.caller("hf_ada_write"), hub.caller("hf_guest")
    assert hub.allow(ada, "engines", "write").type == "org"
    assert hub.allow(guest, "engines", "read").name == "engines"
    for caller, permission in ((guest, "write"), (hub.caller("hf_ada_read"), "write")):
        with pytest.raises(Refusal, match=f"job.{permission}"):
            hub.allow(caller, "engines", permission)
    assert hub.settings.quirks.cancel_finished == "400"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("seed = 1\nseed = 2\n", "line 2"),
        ("sead = 1", "sead: unknown word; did you mean 'seed'"),
        ("seed = 1.5", "seed: give a whole number"),
        ("start = 2026-01-01T00:00:00Z", r"start: give .*\(in quotes\)"),
        ('start = "yesterday"', "start: give"),
        ('start = "1950-01-01T00:00:00Z"', "start: give .* from 1970 on"),
        ("speed = 0", "speed: give a number above 0"),
        ("speed = nan", "speed: give a number above 0"),
        ("speed = true", "speed: give a number above 0"),
        ('frozen = "yes"', "frozen: give true or false"),
        ("[quirks]\nlabel_dot = 'refuse'", r"quirks\.label_dot: unknown quirk; did you mean 'label_dots'"),
        ("[flavors.h300]\ncapacity = 1", r"flavors\.h300: no such flavor"),
        ("flavors = 5", "flavors: give a table"),
        ("users = 'ada'", "users: give a list"),
        ("rules = 5", r"rules: give \[\[rules\]\]"),
        ("[rules]\nwhen = {}", r"rules: give \[\[rules\]\]"),
        ("rules = [5]", r"rules\[0\]: give a table"),
        ("[[rules]]\nwen = {}", r"rules\[0\]\.wen: unknown word; did you mean 'when'"),
        (
            "[[rules]]\nthen = {}\n[[rules]]\nwhen = { flavor = 'h300' }",
            r"rules\[1\]\.when\.flavor: 'h300' matches no flavor",
        ),
        ("[[rules]]\nthen = { exit_code = 300 }", r"rules\[0\]\.then\.exit_code: 300"),
        ("[[rules]]\nwhen = { name = 1979-05-27 }", r"rules\[0\]\.when\.name: .*date is none"),
        ("[[rules]]\nthen = { running = inf }", r"rules\[0\]\.then\.running"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=complaint) as refused:
        load_scenario(path)
    assert str(refused.value).startswith(str(path))


def test_files_that_are_no_scenarios(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path / "missing.toml")
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path)
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioError, match="not UTF-8"):
        load_scenario(tmp_path / "x.toml")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 20_000)
    with pytest.raises(ScenarioError):
        load_scenario(tmp_path / "deep.toml")
    # Reading such a key would take a hundred megabytes.
    for key in ("a." * 5_000 + "b", '"a" . ' * 5_000 + "b"):
        (tmp_path / "long.toml").write_text(f"seed = 1\n{key} = 1")
        with pytest.raises(ScenarioError, match=r"a key of more than 64 parts \(at line 2\)"):
            load_scenario(tmp_path / "long.toml")


def test_texts_with_many_dots_are_no_long_keys(tmp_path: Path) -> None:
    (tmp_path / "dots.toml").write_text(
        f"[[rules]]\nthen = {{ logs = ['loading{'.' * 500}', '{'1.5 ' * 100}', '{'a' * 100_000}'] }}"
    )
    assert len(load_scenario(tmp_path / "dots.toml").rules) == 1


def test_long_values_are_cut_in_errors(tmp_path: Path) -> None:
    (tmp_path / "long.toml").write_text(f"[[rules]]\nwhen = {{ flavor = '{'*a' * 5_000}' }}")
    with pytest.raises(
        ScenarioError, match=r"rules\[0\]\.when\.flavor: '\*a.*\.\.\. matches no flavor"
    ) as refused:
        load_scenario(tmp_path / "long.toml")
    assert len(str(refused.value)) < 1_000


def test_an_empty_scenario_is_fine() -> None:
    assert scenario_from({}) == Scenario()
    hub = open_hub()
    assert (hub.clock.speed, hub.clock.frozen, hub.settings.seed) == (1.0, False, 0)


def test_options_win_over_the_scenario() -> None:
    scenario = scenario_from({"seed": 1, "speed": 2.0, "start": "2026-01-01T00:00:00Z"})
    hub = open_hub(scenario=scenario, seed=5, speed=60.0)
    assert (hub.settings.seed, hub.clock.speed) == (5, 60.0)


def test_a_file_that_exists_keeps_its_clock_and_jobs_and_takes_the_scenarios_settings(tmp_path: Path) -> None:
    path = str(tmp_path / "hub.db")
    first = scenario_from(
        {"start": "2026-01-01T00:00:00Z", "frozen": True, "seed": 3, "rules": [{"then": {"scheduling": 60}}]}
    )
    hub = open_hub(path, scenario=first)
    job = submit(hub)
    hub.clock.advance(1_000)
    now = hub.clock.now()
    hub.close()
    second = scenario_from(
        {"start": "2030-01-01T00:00:00Z", "orgs": ["acme"], "quirks": {"job_not_found": "x"}}
    )
    hub = open_hub(path, scenario=second)
    assert hub.clock.now() == now
    assert hub.settings.seed == 3
    assert [org.name for org in hub.settings.identity.orgs] == ["acme"]
    assert stage(hub, job) == "SCHEDULING"
    assert hub.rules() == [], "the scenario has no rules any more"
    hub.close()


def test_rules_of_a_scenario_that_is_opened_again_do_not_win_over_newer_ones(tmp_path: Path) -> None:
    path = str(tmp_path / "hub.db")
    scenario = scenario_from({"frozen": True, "rules": [{"then": {"exit_code": 1}}]})
    hub = open_hub(path, scenario=scenario)
    hub.when().then(scheduling=0, running=0, exit_code=0)
    before = hub.rules()
    hub.close()
    hub = open_hub(path, scenario=scenario)
    assert hub.rules() == before
    assert stage(hub, submit(hub)) == "COMPLETED"
    hub.close()
    changed = scenario_from({"rules": [{"then": {"scheduling": 0, "running": 0, "exit_code": 2}}]})
    hub = open_hub(path, scenario=changed)
    assert [rule.source for rule in hub.rules()] == ["user", "scenario"]
    assert stage(hub, submit(hub)) == "ERROR"
    hub.close()
    hub = open_hub(path)
    assert len(hub.rules()) == 2, "without a scenario, everything stays"
    hub.close()


def test_another_seed_is_refused_and_the_file_is_let_go(tmp_path: Path) -> None:
    path = str(tmp_path / "hub.db")
    hub = FakeHub(path, anchor=Anchor(0, 0, frozen=True))
    submit(hub)
    hub.close()
    with pytest.raises(ValueError, match="were made with seed 0, not 4"):
        open_hub(path, seed=4)
    hub = open_hub(path, seed=0)
    assert hub.count(hub.caller("x"), ME) == 1
    hub.close()


@pytest.mark.parametrize(
    ("namespaces", "problem"),
    [
        (
            {"fake-usr": {"running": 1}},
            "namespaces.fake-usr: no such user or organisation; did you mean 'fake-user'",
        ),
        ({"fake-user": 3}, "namespaces.fake-user: give a table"),
        ({"fake-user": {"jobs": 3}}, "namespaces.fake-user.jobs: unknown word"),
        ({"fake-user": {"running": -1}}, "namespaces.fake-user.running: give a whole number"),
    ],
)
def test_impossible_limits_of_namespaces_are_named(namespaces: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        scenario_from({"namespaces": namespaces})
