"""`roundtrips` lets good models through, and names what bad ones do wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import pytest
from hypothesis import settings

from fakejobs import JobInfo
from fakejobs.testing import roundtrips

Body = dict[str, Any]


def same(payload: Body) -> Body:
    return payload


def without(path: str) -> Callable[[Body], Body]:
    """A parser that loses the key at ``path``."""
    *way, last = path.split(".")

    def parse(payload: Body) -> Body:
        here = payload
        for key in way:
            here = here.get(key, {})
        here.pop(last, None)
        return payload

    return parse


def test_our_own_model_keeps_everything() -> None:
    roundtrips(JobInfo.from_wire, JobInfo.to_wire)


@pytest.mark.parametrize("stage", ["SCHEDULING", "ERROR", "CANCELED"])
def test_one_stage_alone(stage: str) -> None:
    def parse(payload: Body) -> Body:
        assert payload["status"]["stage"] == stage
        return payload

    roundtrips(parse, same, stage=stage)


def test_a_stage_that_there_is_not() -> None:
    with pytest.raises(ValueError, match=r"PAUSED"):
        roundtrips(same, same, stage="PAUSED")


@pytest.mark.parametrize(
    "path", ["createdAt", "owner.avatarUrl", "resourceGroup.numUsers"]
)  # fmt: skip
def test_a_key_that_is_lost_is_named(path: str) -> None:
    with pytest.raises(AssertionError, match=rf"^{path} is lost: it was "):
        roundtrips(without(path), same)


def test_the_payload_is_the_simplest_with_that_key() -> None:
    with pytest.raises(AssertionError) as caught:
        roundtrips(without("volumes"), same)
    sentence, title, payload = str(caught.value).split("\n", 2)
    assert sentence.startswith("volumes is lost: it was [{'type': 'bucket', 'source': ")
    assert title == "The simplest payload with that:"
    job = json.loads(payload)
    assert len(job["volumes"]) == 1
    assert not job.keys() & {"arch", "labels", "expose", "ssh", "network", "resourceGroup", "secrets"}


def test_a_value_that_is_mangled_is_named() -> None:
    def parse(payload: Body) -> Body:
        return {**payload, "createdAt": payload["createdAt"].replace("Z", "+00:00")}

    with pytest.raises(AssertionError, match=r"^createdAt is mangled: it was '.*Z', and became '.*\+00:00'"):
        roundtrips(parse, same)


def test_a_key_that_is_invented_is_named() -> None:
    with pytest.raises(AssertionError, match=r"^arch is invented: None"):
        roundtrips(lambda payload: {"arch": None, **payload}, same)


def test_nulls_may_be_as_good_as_absent() -> None:
    def parse(payload: Body) -> Body:
        return {
            "arch": None,
            **payload,
            "status": {k: v for k, v in payload["status"].items() if v is not None},
        }

    roundtrips(parse, same, null_is_absent=True)
    with pytest.raises(AssertionError, match=r"^arch is lost: it was 'a"):
        roundtrips(lambda payload: {**payload, "arch": None} if "arch" in payload else payload, drop_nulls)


def drop_nulls(payload: Body) -> Body:
    return {key: value for key, value in payload.items() if value is not None}


def test_items_of_lists_are_named() -> None:
    def last_volume_gone(payload: Body) -> Body:
        if len(payload.get("volumes", ())) > 1:
            payload["volumes"].pop()
        return payload

    with pytest.raises(AssertionError, match=r"^volumes\[1\] is lost: it was \{'type': "):
        roundtrips(last_volume_gone, same)

    def first_volume_gone(payload: Body) -> Body:
        if len(payload.get("volumes", ())) > 1 and payload["volumes"][0] != payload["volumes"][1]:
            payload["volumes"].pop(0)
        return payload

    with pytest.raises(AssertionError, match=r"^volumes\[0\] is lost"):
        roundtrips(first_volume_gone, same)


def test_what_json_does_not_tell_apart_is_the_same() -> None:
    class Arch(str, Enum):
        AMD64 = "amd64"
        ARM64 = "arm64"

    def parse(payload: Body) -> Body:
        changed = {**payload, "command": tuple(payload.get("command", ()))}
        if "durations" in payload:
            changed["durations"] = {key: float(value) for key, value in payload["durations"].items()}
        if "arch" in payload:
            changed["arch"] = Arch(payload["arch"])
        return dict(reversed(changed.items())) if "command" in payload else payload

    roundtrips(parse, same)


def test_true_is_not_one() -> None:
    def parse(payload: Body) -> Body:
        return {**payload, "status": {**payload["status"], "failureCount": False}}

    with pytest.raises(AssertionError, match=r"^status.failureCount is mangled: it was 0, and became False"):
        roundtrips(parse, same)


def test_a_key_that_is_left_out_on_purpose_is_ignored() -> None:
    roundtrips(without("owner.avatarUrl"), same, ignore=["owner.avatarUrl"])
    roundtrips(without("owner.avatarUrl"), same, ignore=["owner"])


def test_keys_of_items_and_keys_of_your_own_are_ignored() -> None:
    def parse(payload: Body) -> Body:
        for volume in payload.get("volumes", ()):
            volume.pop("revision", None)
        return {**payload, "fetchedAt": 7}

    roundtrips(parse, same, ignore=["volumes[].revision", "fetchedAt", "labels.team"])
    with pytest.raises(AssertionError, match=r"^volumes\[\d\].revision is lost"):
        roundtrips(parse, same, ignore=["fetchedAt"])


def test_a_slip_in_ignore_is_told() -> None:
    with pytest.raises(ValueError, match=r"no job has 'owner.avatarURL'; did you mean 'owner.avatarUrl'\?"):
        roundtrips(same, same, ignore=["owner.avatarURL"])


def test_the_other_keys_are_named_too() -> None:
    def parse(payload: Body) -> Body:
        return {key: payload[key] for key in payload if key not in ("arch", "retry", "network")}

    with pytest.raises(
        AssertionError, match=r"Other payloads also differ at (arch|network|retry), (network|retry)\."
    ):
        roundtrips(parse, same)


def test_a_parser_that_raises_is_told_of_with_a_small_payload() -> None:
    def parse(payload: Body) -> Body:
        if "volumes" in payload:
            raise NotImplementedError("no volumes yet")
        return payload

    with pytest.raises(
        AssertionError, match=r"^parse raised NotImplementedError: no volumes yet\n"
    ) as caught:
        roundtrips(parse, same)
    assert isinstance(caught.value.__cause__, NotImplementedError)
    assert len(str(caught.value)) < 1500, "it is shrunk"


def test_dump_that_raises_or_gives_something_else() -> None:
    def dump(payload: Body) -> str:
        return json.dumps(payload)

    with pytest.raises(AssertionError, match=r"^dump raised TypeError: Object of type set is not JSON"):
        roundtrips(lambda payload: {**payload, "seen": set()}, lambda job: json.loads(json.dumps(job)))
    with pytest.raises(
        AssertionError, match=r"^dump gave str, not a dict of JSON; read it first: lambda job"
    ):
        roundtrips(same, dump)
    with pytest.raises(AssertionError, match=r"^dump gave NoneType, not a dict of JSON\n"):
        roundtrips(same, lambda _job: None)


def test_parse_may_change_what_it_is_given() -> None:
    def parse(payload: Body) -> Body:
        kept = deepcopy(payload)
        payload.clear()
        return kept

    roundtrips(parse, same)


def test_a_model_that_forgets_only_now_and_then_is_caught() -> None:
    calls = iter(range(100_000))

    def parse(payload: Body) -> Body:
        if next(calls) % 3 == 2:
            payload.pop("owner")
        return payload

    with pytest.raises(AssertionError, match=r"^owner is lost"):
        roundtrips(parse, same)


# ------------------------------------------------------------------------------------------ real models


@dataclass
class Times:
    """A model that reads times with `datetime`, as many do."""

    created: datetime
    rest: Body

    @classmethod
    def parse(cls, payload: Body) -> Times:
        return cls(datetime.fromisoformat(payload.pop("createdAt").replace("Z", "+00:00")), payload)

    def dump(self) -> Body:
        return {"createdAt": self.created.isoformat().replace("+00:00", "Z"), **self.rest}

    def dump_milliseconds(self) -> Body:
        created = self.created.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"createdAt": created, **self.rest}


def test_times_without_milliseconds_are_caught() -> None:
    with pytest.raises(
        AssertionError, match=r"^createdAt is mangled: it was '(\S+)\.000Z', and became '\1Z'"
    ):
        roundtrips(Times.parse, Times.dump)
    roundtrips(Times.parse, Times.dump_milliseconds)


def test_what_huggingface_hub_loses_is_named() -> None:
    hub = pytest.importorskip("huggingface_hub")

    def dump(job: Any) -> Mapping[str, object]:
        """As good as a user could do it."""
        said = {
            "id": job.id,
            "dockerImage": job.docker_image,
            "spaceId": job.space_id,
            "command": job.command,
            "arguments": job.arguments,
            "environment": job.environment,
            "secrets": job.secrets,
            "flavor": job.flavor,
            "labels": job.labels,
            "retry": job.retry,
            "type": "job",
            "owner": asdict(job.owner),
        }
        return {key: value for key, value in said.items() if value is not None}

    times = ("createdAt", "startedAt", "finishedAt")
    others = ("volumes", "status", "durations", "initiator", "network", "expose", "createdBy")
    with pytest.raises(AssertionError, match=r"^owner\.avatarUrl is lost: it was 'https://") as caught:
        roundtrips(lambda payload: hub.JobInfo(**payload), dump, ignore=[*times, *others])
    also = str(caught.value).split("\n")[1]
    for key in ("arch", "resourceGroup", "timeout"):
        assert key in also, also


# ------------------------------------------------------------------------------------------------ manners


def payloads_seen(**options: Any) -> list[str]:
    seen: list[str] = []

    def parse(payload: Body) -> Body:
        seen.append(json.dumps(payload))
        return payload

    roundtrips(parse, same, **options)
    return seen


def test_in_ci_it_is_the_same_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert payloads_seen(examples=20) == payloads_seen(examples=20)
    monkeypatch.delenv("CI")
    one, other = payloads_seen(examples=20), payloads_seen(examples=20)
    assert one[:1000] == other[:1000]


def test_the_profile_of_the_suite_decides_how_much_is_tried() -> None:
    settings.register_profile("seven", settings(), max_examples=7)
    before = settings.get_current_profile_name()
    settings.load_profile("seven")
    try:
        assert len(payloads_seen()) == 1007
    finally:
        settings.load_profile(before)
    assert len(payloads_seen(examples=3)) == 1003


def test_a_failing_test_shows_the_model_and_not_the_helper(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from fakejobs.testing import roundtrips

        def parse(payload):
            del payload["flavor"]
            return payload

        def test_my_model():
            roundtrips(parse, dict)
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "E       AssertionError: flavor is lost: it was 'cpu-basic'" in text
    assert "roundtrips(parse, dict)" in text
    assert "def search" not in text
    assert "Falsifying" not in text
    assert "testing.py:" not in text
    assert not list(pytester.path.glob(".hypothesis/examples/*"))
