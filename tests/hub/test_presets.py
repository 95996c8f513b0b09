"""Presets and chaos in a hub: what they put there, what jobs make of it, what a restart keeps, and what a scenario replaces."""

from __future__ import annotations

from pathlib import Path

import pytest

import fakejobs
from fakejobs.clock import Anchor
from fakejobs.handle import FakeJobs, Options
from fakejobs.hub import FakeHub
from fakejobs.hub.faults import meet
from fakejobs.model.chaos import LEVELS, chaos
from fakejobs.model.faults import asked
from fakejobs.model.job import JobAt
from fakejobs.model.presets import PRESETS
from fakejobs.scenario import open_hub, preset_of_text, scenario_from, with_presets
from tests.conftest import JOB, START, frozen_hub
from tests.support.play import ME, look, stage, submit

HOUR = 3_600_000


def sources(hub: FakeHub) -> list[str]:
    """Who put what there: faults, and then rules."""
    return [each.source for each in hub.faults()] + [each.source for each in hub.rules()]


def lengths(seen: JobAt) -> tuple[float, float]:
    """Hours of waiting and of running."""
    plan = seen.job.plan
    return (plan.start - plan.created) / HOUR, (plan.end - plan.start) / HOUR


def ended(hub: FakeHub, job: str) -> tuple[str, str | None]:
    """How a job ends, in a day."""
    hub.clock.advance(24 * HOUR)
    return stage(hub, job), look(hub, job).job.plan.message


# What a preset puts there.


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_its_faults_rules_and_quirks(hub: FakeHub, name: str) -> None:
    preset = hub.preset(name)
    assert preset == PRESETS[name]
    assert [each.words for each in hub.faults()] == list(preset.faults)
    assert [(each.when, each.then) for each in hub.rules()] == list(preset.rules)
    assert set(sources(hub)) <= {f"preset {name}"}
    for quirk, value in preset.quirks.items():
        assert getattr(hub.settings.quirks, quirk) == value


def test_it_takes_other_words_and_may_be_there_twice(hub: FakeHub) -> None:
    hub.preset("stream_drop", cut_after=9, times=3)
    hub.preset("stream_drop")
    assert [each.words["cut_after"] for each in hub.faults()] == [9, 3]


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("hub_dwn", {}, "did you mean 'hub_down'"),
        ("no_credits", {"namespace": ""}, "^preset no_credits: namespace: give a pattern"),
        ("out_of_memory", {"exit_code": 1}, r"^preset out_of_memory: then\.oom: "),
    ],
)
def test_one_that_cannot_be_changes_nothing(
    hub: FakeHub, name: str, words: dict[str, object], said: str
) -> None:
    before = hub.snapshot()
    with pytest.raises(ValueError, match=said):
        hub.preset(name, **words)
    with pytest.raises(ValueError, match=said):
        hub.put_presets([("stream_drop", {}), (name, words)])
    with pytest.raises(ValueError, match="there is no level"):
        hub.put_presets([("stream_drop", {})], ("hgih", None))
    with pytest.raises(ValueError, match="there is no level"):
        hub.chaos(level="hgih")
    assert hub.snapshot() == before
    assert sources(hub) == []


# What jobs make of its rules.


def test_a_jobs_own_rule_wins_and_a_preset_says_the_rest(hub: FakeHub) -> None:
    hub.preset("out_of_memory")
    hub.preset("stuck_scheduling")
    hub.when(name="mine").then(scheduling="1h", exit_code=0)
    mine, other = submit(hub, labels={"name": "mine"}), submit(hub)
    assert lengths(look(hub, mine)) == (1, 5 / 60)
    assert lengths(look(hub, other)) == (12, 5 / 60)
    assert ended(hub, mine) == ("COMPLETED", None)
    assert ended(hub, other) == ("ERROR", "Job failed with exit code: 137. Reason: OOMKilled")


def test_a_preset_may_be_for_some_jobs_only(hub: FakeHub) -> None:
    hub.preset("bad_image", name="train")
    train, other = submit(hub, labels={"name": "train"}), submit(hub)
    assert [ended(hub, train)[0], ended(hub, other)[0]] == ["ERROR", "COMPLETED"]


def test_it_does_not_matter_which_was_there_first(hub: FakeHub) -> None:
    hub.when().then(running="2h")
    hub.preset("never_ends")
    assert lengths(look(hub, submit(hub, timeoutSeconds=3 * 3600)))[1] == 2


def test_of_two_presets_that_say_the_same_the_newer_one_counts(hub: FakeHub) -> None:
    hub.preset("stuck_scheduling")
    hub.preset("stuck_scheduling", scheduling="3h", running="5m")
    hub.preset("out_of_memory", flavor="a10g*")
    plain, big = submit(hub), submit(hub, flavor="a10g-small")
    assert lengths(look(hub, plain)) == lengths(look(hub, big)) == (3, 5 / 60)
    assert ended(hub, plain)[0] == "COMPLETED"
    assert ended(hub, big)[0] == "ERROR"


def test_a_preset_may_be_about_some_attempts_only(hub: FakeHub) -> None:
    hub.preset("out_of_memory", attempts=[{}, {"exit_code": 0}])
    job = submit(hub, attempts=3)
    assert ended(hub, job)[0] == "COMPLETED"
    assert len(look(hub, job).job.plan.earlier) == 1


def test_what_a_preset_says_of_the_log_is_the_log(hub: FakeHub) -> None:
    hub.preset("out_of_memory", logs=["Killed"])
    plain, own = submit(hub), submit(hub, labels={"name": "mine"})
    hub.when(name="mine").then(logs=["one"])
    late = submit(hub, labels={"name": "mine"})
    assert [line for job in (plain, own, late) for _, line in hub.state.script_of(job).lines] == [
        *("Killed", "Killed", "one")
    ]


def test_runs_of_a_schedule_have_it_from_then_on(hub: FakeHub) -> None:
    made = hub.schedule(hub.caller("hf_any"), ME, {**JOB, "environment": {}}, "0 * * * *")
    hub.when().then(scheduling=0, running=60)
    hub.clock.advance(3 * HOUR)
    hub.preset("out_of_memory")
    hub.clock.advance(3 * HOUR)
    runs = [each for each in hub.all_jobs() if each.job.about["initiator"]["id"] == made.schedule.id]  # type: ignore[index]  # of a schedule
    assert [each.stage.value for each in runs] == ["COMPLETED"] * 3 + ["ERROR"] * 3
    assert {lengths(each) for each in runs} == {(0, 1 / 60)}


def test_chaos_strikes_runs_of_a_schedule_one_by_one(hub: FakeHub) -> None:
    hub.chaos(seed=1, level="high")
    hub.schedule(hub.caller("hf_any"), ME, {**JOB, "environment": {}}, "0 * * * *", concurrency=True)
    hub.clock.advance(60 * HOUR)
    stages = {each.stage.value for each in hub.all_jobs()}
    assert len(hub.all_jobs()) == 60
    assert stages >= {"COMPLETED", "ERROR"}


def test_a_function_plays_its_job_and_its_status_lags() -> None:
    with fakejobs.activate() as fake:
        fake.preset("out_of_memory")
        fake.preset("stuck_scheduling", scheduling="2h")
        fake.preset("status_lag", status_lag="1m")
        fake.when().then(running="3m", call=lambda _job: print("done"))
        job = fake.api.run_job(image="x", command=["y"], timeout="1h")
        assert list(fake.api.fetch_job_logs(job_id=job.id, follow=True)) == ["done"]
        ((job_id, ended_as),) = [(each.id, each.stage) for each in fake.submitted()]
        assert ended_as == "COMPLETED"
        assert lengths(look(fake.hub, job_id)) == (2, 4 / 60)


def test_strict_expects_nothing_of_presets_and_rules_of_everything_else() -> None:
    with fakejobs.activate(strict=True, presets=["out_of_memory", "stream_drop"], chaos="low") as fake:
        fake.when().then(running="1h")
        with fake.expect_problems():
            raise fakejobs.FakeJobsError("for the sake of it")
        assert fake.findings() == ["strict: no job matched rule 3: when()"]
        fake.hub.delete_rules(3)
        fake.clock.auto_tick("10s")
        job = fake.hub.submit(fake.hub.caller("hf_any"), "fake-user", {**JOB, "environment": {}})
        fake.clock.advance("1d")
        assert fake.findings() == [f"strict: no rule matched {fake.jobs[0]!r}"]
        fake.hub.delete_rules()
        fake.hub.when().then()
        fake.hub.reset()
        assert job.job.id


# Chaos.


def test_chaos_is_its_presets_and_one_rule_and_replaces_what_was_drawn_before(hub: FakeHub) -> None:
    hub.fault(status=500)
    hub.when().then()
    drawn = hub.chaos(seed=7, level="high")
    assert drawn == chaos(7, "high") == hub.drawn_chaos
    faults = [each for each in hub.faults() if each.source == "chaos"]
    assert len(faults) == sum(len(PRESETS[name].faults) for name, _words in drawn.presets)
    hub.chaos(level="low")
    assert hub.drawn_chaos == chaos(hub.settings.seed, "low")
    assert sources(hub) == ["user", *["chaos"] * 3, "user", "chaos"]
    hub.delete_chaos()
    assert hub.drawn_chaos is None
    assert sources(hub) == ["user", "user"]
    hub.delete_chaos()


def test_a_report_says_which_jobs_were_unlucky() -> None:
    with fakejobs.activate(chaos=None) as fake:
        before = submit(fake.hub)
        fake.add_job(stage="COMPLETED")
        fake.chaos(seed=3, level="high")
        jobs = [submit(fake.hub) for _ in range(10)]
        fake.hub.schedule(fake.hub.caller("hf_any"), ME, {**JOB, "environment": {}}, "0 0 * * *")
        fake.clock.advance("40h")
        lines = fake.report().splitlines()
        said = {}
        for index, line in enumerate(lines):
            if line.startswith("    chaos, where nothing else is said: "):
                job = next(each for each in reversed(lines[:index]) if each.startswith("  6")).split()
                said[job[0]] = (line.partition(": ")[2], job[1])
        assert before not in said
        assert 3 <= len(said.keys() & set(jobs)) <= 9
        for words, its_stage in said.values():
            fails = any(word in words for word in ("oom", "image_pull", "exit_code", "forever"))
            assert its_stage == ("ERROR" if fails else "COMPLETED"), words
        lucky = [each for each in fake.jobs if each.id not in said]
        assert {each.stage for each in lucky} == {"COMPLETED"}


def test_reset_forgets_presets_and_chaos(hub: FakeHub) -> None:
    hub.preset("stream_drop")
    hub.chaos()
    hub.reset()
    assert (sources(hub), hub.drawn_chaos) == ([], None)


def test_each_job_draws_its_fate(hub: FakeHub) -> None:
    hub.chaos(seed=3, level="high")
    jobs = [submit(hub) for _ in range(100)]
    hub.clock.advance(48 * HOUR)
    stages = [stage(hub, job) for job in jobs]
    unlucky = sum(
        1
        for each in chaos(3, "high").outcomes
        if each.keys() & {"oom", "image_pull_error", "exit_code"} or each == {"running": "forever"}
    )
    assert abs(stages.count("ERROR") / 100 - unlucky / 30) < 0.15
    assert set(stages) == {"COMPLETED", "ERROR"}


@pytest.mark.parametrize("level", LEVELS)
def test_the_same_seed_and_level_give_the_same_bytes(level: str) -> None:
    first, second, other = play(5, level), play(5, level), play(6, level)
    assert first == second
    assert first != other


def play(seed: int, level: str) -> tuple[object, ...]:
    """A program that does not care what goes wrong; returns what it saw, the rows of the store, and the journal."""
    seen: list[str] = []
    with fakejobs.activate(seed=seed, chaos=level) as fake:
        fake.clock.auto_tick("10s")
        jobs: list[str] = []

        def attempt(call: object) -> None:
            try:
                seen.append(repr(call()))  # type: ignore[operator]  # one of the lambdas below
            except Exception as error:  # noqa: BLE001 - whatever chaos brings
                seen.append(type(error).__name__)

        for _ in range(8):
            attempt(lambda: jobs.append(fake.api.run_job(image="x", command=["y"], namespace=ME).id))
            for job in jobs[-2:]:
                attempt(lambda job=job: fake.api.inspect_job(job_id=job, namespace=ME))
                attempt(lambda job=job: list(fake.api.fetch_job_logs(job_id=job, namespace=ME)))
            attempt(lambda: len(list(fake.api.list_jobs(namespace=ME))))
        rows, journal = fake.hub.snapshot(), list(fake.requests)
        said = [line for line in fake.report().splitlines() if "chaos" in line]
    assert [line for line in fake.report().splitlines() if "chaos" in line] == said, "also when it is over"
    return seen, rows, journal, said


@pytest.mark.parametrize("seed", range(12))
def test_whoever_tries_again_gets_through_at_level_low(seed: int) -> None:
    with fakejobs.activate(seed=seed, chaos="low") as fake:
        attempts = 0

        def until_it_works(call: object) -> object:
            nonlocal attempts
            for _ in range(10):
                attempts += 1
                try:
                    return call()  # type: ignore[operator]  # one of the lambdas below
                except Exception:  # noqa: BLE001 - it might be anything
                    fake.clock.sleep(30)
            raise AssertionError("ten times in vain")

        for number in range(5):
            labels = {"run": str(number)}
            job = until_it_works(
                lambda labels=labels: fake.api.run_job(image="x", command=["y"], labels=labels).id
            )
            while (
                until_it_works(lambda job=job: fake.api.inspect_job(job_id=job).status.stage) != "COMPLETED"
            ):
                fake.clock.sleep(60)
            assert until_it_works(lambda job=job: len(list(fake.api.fetch_job_logs(job_id=job))))
        assert [each.stage for each in fake.submitted()] == ["COMPLETED"] * 5
        assert attempts >= 15


# Scenarios: put there once, kept by the file, replaced when they change.


def opened(path: Path, words: dict[str, object] | None = None) -> FakeHub:
    return open_hub(str(path), scenario=None if words is None else scenario_from(words))


def test_a_restart_goes_on_with_them(tmp_path: Path) -> None:
    words = {
        "presets": ["flaky_submit", {"name": "out_of_memory", "running": "1m"}],
        "chaos": "low",
        "seed": 4,
    }
    request = asked("GET", "/api/jobs/fake-user")
    hub = opened(tmp_path / "hub.db", words)
    drawn, before = hub.drawn_chaos, sources(hub)
    assert drawn == chaos(4, "low")
    for _ in range(30):
        meet(hub.state, request)
    counted = [(each.id, each.words, each.matched, each.fired) for each in hub.faults()]
    hub.close()
    for again in (words, None, words):
        hub = opened(tmp_path / "hub.db", again)
        assert (hub.drawn_chaos, sources(hub)) == (drawn, before)
        assert [(each.id, each.words, each.matched, each.fired) for each in hub.faults()] == counted
        hub.close()


def test_another_scenario_replaces_them_and_leaves_what_was_added_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    hub = opened(path, {"presets": ["hub_down", "out_of_memory"], "chaos": {"level": "low", "seed": 1}})
    hub.preset("stream_drop")
    hub.close()
    hub = opened(path, {"presets": ["metrics_broken"], "chaos": "high"})
    assert [each for each in sources(hub) if each != "chaos"] == [
        "preset stream_drop",
        "preset metrics_broken of the scenario",
    ]
    assert hub.drawn_chaos == chaos(0, "high")
    hub.close()
    hub = opened(path, {})
    assert (sources(hub), hub.drawn_chaos) == (["preset stream_drop"], None)
    hub.chaos(seed=5)
    hub.close()
    hub = opened(path, {})  # the scenario never said anything of that one
    assert hub.drawn_chaos == chaos(5)
    hub.close()


def test_quirks_of_presets_give_way_to_the_scenarios_own_and_go_with_them(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"

    def quirk(words: dict[str, object]) -> str:
        hub = opened(path, words)
        found = hub.settings.quirks.logs_while_scheduling
        hub.close()
        return found

    default = FakeHub().settings.quirks.logs_while_scheduling
    preset: dict[str, object] = {"presets": ["logs_before_start"]}
    assert default != "close"
    assert quirk(preset) == quirk(preset) == "close"
    assert quirk({**preset, "quirks": {"logs_while_scheduling": default}}) == default
    assert quirk({**preset, "quirks": {"cancel_finished": "200"}}) == "close"
    assert quirk({}) == default
    with fakejobs.activate(presets=["logs_before_start"], quirks={"logs_while_scheduling": default}) as fake:
        assert fake.hub.settings.quirks.logs_while_scheduling == default


def test_a_preset_of_options_leaves_the_rules_of_the_scenario_before_alone(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    rule = {"when": {}, "then": {"oom": True}}
    opened(path, {"rules": [rule], "faults": [{"status": 500}]}).close()
    hub = open_hub(str(path), scenario=with_presets(None, ["hub_down"], "low"))
    assert [each for each in sources(hub) if each != "chaos"] == [
        *("scenario", "preset hub_down of the scenario", "scenario")
    ]
    hub.close()


def test_patterns_of_python_are_no_trouble_in_memory() -> None:
    import re

    fake = FakeJobs(Options(presets=[{"name": "out_of_memory", "command": re.compile("train")}]))
    assert [each.source for each in fake.hub.rules()] == ["preset out_of_memory of the scenario"]
    fake.close()


def test_settings_that_change_leave_presets_alone(hub: FakeHub) -> None:
    from fakejobs.hub.settings import settings_from, settings_to

    hub.preset("logs_before_start")
    hub.preset("out_of_memory")
    hub.configure(settings_from({**settings_to(hub.settings), "rate_limit": True}))
    assert hub.settings.quirks.logs_while_scheduling == "close"
    assert ended(hub, submit(hub))[0] == "ERROR"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stream_drop", {"name": "stream_drop"}),
        (" stream_drop : cut_after = 10, times = 3", {"name": "stream_drop", "cut_after": 10, "times": 3}),
        ("slow_hub: latency = { median = '5s' }", {"name": "slow_hub", "latency": {"median": "5s"}}),
        ("", {"name": ""}),
    ],
)
def test_a_preset_of_the_command_line(text: str, words: object) -> None:
    assert preset_of_text(text) == words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stream_drop: cut_after", r"^preset 'stream_drop: cut_after': what follows the colon is to be words of TOML \("),
        ("stream_drop: x = " + "[" * 3000, "what follows the colon is to be words of TOML"),
        ("bad_image: name = 'x'", "^preset bad_image: name: here this is the name of the preset; for that of jobs, give labels"),
    ],
)  # fmt: skip
def test_what_is_none(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        preset_of_text(text)


def test_a_hub_opened_in_the_future_has_the_same_mix(tmp_path: Path) -> None:
    one = FakeHub(str(tmp_path / "one.db"), anchor=Anchor(START, START, frozen=True))
    one.chaos(seed=2)
    one.clock.advance(1000 * HOUR)
    two = frozen_hub()
    two.chaos(seed=2)
    assert [each.words for each in one.faults()] == [each.words for each in two.faults()]
    one.close()
    two.close()
