"""Facts about lists of jobs and counts."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from fakejobs.contract.verify.facts import ASSUMED, OPENAPI, Ask, fact
from fakejobs.contract.verify.findings import Undecided
from fakejobs.contract.verify.jobs import MARK
from fakejobs.contract.verify.lives import PRINTS, prints
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.seen import OVER, stage_of
from fakejobs.contract.verify.transport import Answer, NotAsExpected
from fakejobs.wire.json_types import Json
from fakejobs.wire.pieces import STAGES

PAGE = 100
"""Jobs on a page."""

BATCH = Ask("quick", count=PAGE + 3, timeout=60, once="batch")
TRIO = Ask("sleeps", count=3, timeout=300, once="trio")


def _batch(probe: Probe) -> list[str]:
    """The ids of a page of jobs and three more, newest first."""

    def make() -> list[str]:
        made: list[str] = []
        for number in range(PAGE + 3):
            if number % 20 == 0:
                probe.pause(0.25)
            made.insert(0, probe.new("quick", timeoutSeconds=60, labels={"batch": probe.run_id}))
        return made

    return probe.once("batch", make)


def _trio(probe: Probe) -> tuple[str, str, str]:
    """The ids of three jobs: labelled team and tier, team alone, and with an empty value; the last is cancelled."""

    def make() -> tuple[str, str, str]:
        trio = {"trio": probe.run_id}
        first = probe.new("sleeps", timeoutSeconds=300, labels={**trio, "team": probe.run_id, "tier": "gold"})
        probe.pause(0.25)
        second = probe.new("sleeps", timeoutSeconds=300, labels={**trio, "team": probe.run_id})
        third = probe.new(
            "sleeps", timeoutSeconds=300, labels={**trio, f"empty-{probe.run_id}": "", "tier": "gold"}
        )
        probe.post(f"/{third}/cancel")
        return first, second, third

    return probe.once("trio", make)


@fact(source="the Hub documentation, “Manage Jobs”", asks=[TRIO])
def newest_first(probe: Probe) -> None:
    """A list is newest first."""
    first, second, third = _trio(probe)
    probe.same("our three", [third, second, first], _ids(probe.get("", label=[f"trio={probe.run_id}"])))
    times = [str(job["createdAt"]) for job in probe.get("").items]
    probe.holds("createdAt of all", "descending", times[:5], times == sorted(times, reverse=True))


@fact(source=OPENAPI, asks=[PRINTS], seconds=120)
def items_are_whole_jobs(probe: Probe) -> None:
    """A job in a list is the job as it is when asked for alone."""
    job_id = prints(probe).id
    listed = probe.get("", label=[f"{MARK}={probe.run_id}"], stage=["COMPLETED"]).items
    found = [job for job in listed if job.get("id") == job_id]
    if not found:
        raise NotAsExpected("the job in the list", "no such item")
    alone = probe.get(f"/{job_id}").object
    probe.same("job", alone, found[0])
    probe.same("its keys", list(alone), list(found[0]))


@fact(source=f"{OPENAPI}; huggingface_hub#4395, huggingface_hub#4403", asks=[BATCH], seconds=400)
def pages(probe: Probe) -> None:
    """A page has a hundred jobs; a Link header leads to the next, and the last has none. No job is lost,
    none comes twice."""
    ids = _batch(probe)
    first = probe.get("", label=[f"batch={probe.run_id}"])
    probe.same("jobs on the first page", PAGE, len(first.items))
    listed, answer, turns = _ids(first), first, 0
    while (target := _next(probe, answer)) is not None and turns < 3:
        answer = probe.send("GET", target)
        listed += _ids(answer)
        turns += 1
    probe.same("pages", 2, turns + 1)
    probe.same("Link of the last page", None, answer.header("Link"))
    probe.holds("all jobs, in order", f"{len(ids)} as submitted", _unlike(ids, listed), ids == listed)


@fact(source=f"{OPENAPI}; huggingface_hub's paginate", asks=[BATCH], seconds=400)
def link_to_the_next_page(probe: Probe) -> None:
    """The Link is an absolute address of the same list: it repeats the filters and adds a cursor of at
    most 2048 characters."""
    _batch(probe)
    stages = ["SCHEDULING", "RUNNING", *sorted(OVER)]
    labels = [f"batch={probe.run_id}", f"{MARK}={probe.run_id}"]
    answer = probe.get("", label=labels, stage=stages)
    link = answer.header("Link") or ""
    match = re.fullmatch(r'<(.*)>; rel="next"', link)
    probe.holds("Link", '<…>; rel="next"', link, match is not None)
    if match is None:
        return
    parts = urlsplit(match[1])
    probe.same("address", f"{probe.url}{probe.jobs_path}", f"{parts.scheme}://{parts.netloc}{parts.path}")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    probe.same("labels", sorted(labels), sorted(value for name, value in pairs if name == "label"))
    probe.same("stages", sorted(stages), sorted(value for name, value in pairs if name == "stage"))
    cursors = [value for name, value in pairs if name == "cursor"]
    probe.same("cursors", 1, len(cursors))
    probe.holds(
        "cursor",
        "1 to 2048 characters",
        [len(each) for each in cursors],
        all(0 < len(each) <= 2048 for each in cursors),
    )


@fact(source=f"{ASSUMED}; that is what cursors are for", asks=[BATCH, Ask("quick", timeout=60)], seconds=400)
def pages_do_not_shift(probe: Probe) -> None:
    """A job that is submitted while somebody reads the pages does not shift them."""
    ids = _batch(probe)
    pages = {
        "with a filter": probe.get("", label=[f"batch={probe.run_id}"]),
        "of all jobs": probe.get(""),
    }
    late = probe.new("quick", timeoutSeconds=60, labels={"batch": probe.run_id})
    for what, answer in pages.items():
        target = _next(probe, answer)
        if target is None:
            probe.differs(f"Link {what}", "there", "none")
            continue
        second = _ids(probe.send("GET", target))
        probe.same(f"twice, {what}", [], [each for each in second if each in _ids(answer)])
        if what == "with a filter":
            probe.same(f"second page {what}", ids[PAGE:], second)
    probe.put(f"/{late}/labels", {"labels": {MARK: probe.run_id}})


@fact(source=ASSUMED)
def cursor_that_is_none(probe: Probe) -> None:
    """A cursor that is none is refused with 400."""
    answer = probe.get("", cursor=["none"])
    probe.same("status", 400, answer.status)


@fact(source=f"{OPENAPI}; huggingface_hub#4403", asks=[TRIO])
def filter_by_labels(probe: Probe) -> None:
    """label=key=value filters; several labels must all match; a value may be empty."""
    first, second, third = _trio(probe)
    team, run = f"team={probe.run_id}", f"{MARK}={probe.run_id}"
    for labels, expected in (
        ([team], [second, first]),
        ([team, "tier=gold"], [first]),
        (["tier=gold", run], [third, first]),
        ([f"empty-{probe.run_id}="], [third]),
        ([f"team={probe.run_id}x"], []),
        ([team, "tier=silver"], []),
    ):
        probe.same(
            " and ".join(labels).replace(probe.run_id, "…"), expected, _ids(probe.get("", label=labels))
        )


@fact(source=f"{OPENAPI}; huggingface_hub#4403", asks=[TRIO])
def filter_by_stages(probe: Probe) -> None:
    """stage=… filters; several stages are alternatives."""
    first, second, third = _trio(probe)
    trio = [f"trio={probe.run_id}"]
    for stages, expected in (
        (["CANCELED"], [third]),
        (["SCHEDULING", "RUNNING"], [second, first]),
        (["CANCELED", "SCHEDULING", "RUNNING"], [third, second, first]),
        (["DELETED"], []),
    ):
        probe.same(" or ".join(stages), expected, _ids(probe.get("", label=trio, stage=stages)))
    found = {stage_of(job) for job in probe.get("", stage=["CANCELED"]).items}
    probe.same("all in CANCELED", ["CANCELED"], sorted(found))
    found = {stage_of(job) for job in probe.get("", stage=["SCHEDULING", "RUNNING"]).items}
    probe.holds(
        "all in SCHEDULING or RUNNING", "in these alone", sorted(found), found <= {"SCHEDULING", "RUNNING"}
    )


@fact(source=f"{OPENAPI}; huggingface_hub#4403")
def filter_by_no_stage(probe: Probe) -> None:
    """A stage that is none is refused with 400: UPDATING, several with commas, small letters."""
    for stage in ("UPDATING", "RUNNING,ERROR", "running", ""):
        probe.same(f"stage={stage}", 400, probe.get("", stage=[stage]).status)
        probe.same(f"count, stage={stage}", 400, probe.get("/count", stage=[stage]).status)


@fact(source=f"{OPENAPI}: its pattern")
def filter_by_no_label(probe: Probe) -> None:
    """A label filter without = is refused with 400."""
    for label in ("team", "team/x=1", "=x", ""):
        probe.same(f"label={label}", 400, probe.get("", label=[label]).status)


@fact(source=f"{OPENAPI}: its schema is open")
def unknown_parameters(probe: Probe) -> None:
    """Query parameters that the API does not know are ignored."""
    answer = probe.send("GET", f"{probe.jobs_path}?limit=1&somethingNew=x")
    probe.same("status", 200, answer.status)


@fact(source=OPENAPI, asks=[TRIO])
def counts(probe: Probe) -> None:
    """Counts count what the list has, by stage or all; the body is {"count": n}."""
    _trio(probe)
    probe.same("body", ["count"], list(probe.get("/count").object))
    compared = 0
    for stages in ([], *([stage] for stage in STAGES), ["CANCELED", "ERROR"], ["SCHEDULING", "RUNNING"]):
        answer = probe.get("", stage=stages)
        if answer.header("Link") is None:  # else the list goes on, and the account is in use
            number = probe.get("/count", stage=stages).object.get("count")
            probe.same(f"count of {' or '.join(stages) or 'all'}", len(answer.items), number)
            compared += 1
    if compared == 0:
        raise Undecided("every list has more than a page")


@fact(source=OPENAPI, asks=[Ask("sleeps")])
def counts_follow(probe: Probe) -> None:
    """A new job counts at once, and a cancelled one in CANCELED."""

    def count(*stages: str) -> int:
        return int(str(probe.get("/count", stage=stages).object["count"]))

    all_before, before = count(), count("CANCELED")
    job_id = probe.new("sleeps")
    probe.same("all, with one more", all_before + 1, count())
    probe.same("CANCELED, the same", before, count("CANCELED"))
    probe.post(f"/{job_id}/cancel")
    probe.same("CANCELED, with one more", before + 1, count("CANCELED"))
    probe.same("all, the same", all_before + 1, count())


@fact(
    source=f"{OPENAPI}: the stage is a filter; the rest is {ASSUMED}",
    asks=[Ask("deleted")],
    quirks=["deleted_jobs"],
    seconds=90,
)
def deleted_jobs(probe: Probe) -> None:
    """Jobs in DELETED are in lists and can be asked for."""
    job_id = probe.new("deleted")
    shown = False
    for _ in range(60):
        answer = probe.get(f"/{job_id}")
        if shown := answer.status == 200 and stage_of(answer.object) in OVER:
            break
        if answer.status == 404:
            break
        probe.pause(1)
    if shown and stage_of(answer.object) != "DELETED":
        raise Undecided("there is no public way to delete a job")
    probe.by_quirk("deleted_jobs", "status of GET", {"listed": 200, "hidden": 404}, answer.status)
    label = [f"{MARK}={probe.run_id}"]
    for what, ids in (
        ("in the list", _ids(probe.get("", label=label))),
        ("in the list of DELETED", _ids(probe.get("", label=label, stage=["DELETED"]))),
    ):
        probe.by_quirk("deleted_jobs", what, {"listed": True, "hidden": False}, job_id in ids)


def _ids(answer: Answer) -> list[str]:
    return [str(job.get("id")) for job in answer.items]


def _next(probe: Probe, answer: Answer) -> str | None:
    """Path and query of the next page. The host of the address is not followed: the token is for this server."""
    match = re.search(r'<([^>]*)>; rel="next"', answer.header("Link") or "")
    if match is None:
        return None
    parts = urlsplit(match[1])
    own = urlsplit(probe.url).path
    path = parts.path.removeprefix(own) if own else parts.path
    if not path.startswith("/"):
        raise NotAsExpected("a Link to an address", match[1])
    return f"{path}?{parts.query}"


def _unlike(expected: list[str], seen: list[str]) -> Json:
    missing = [each for each in expected if each not in seen]
    more: list[Json] = [f"{len(seen)} jobs", f"{len(missing)} missing", f"{len(seen) - len(set(seen))} twice"]
    return more


FACTS = (
    newest_first,
    filter_by_labels,
    filter_by_stages,
    counts,
    counts_follow,
    items_are_whole_jobs,
    filter_by_no_stage,
    filter_by_no_label,
    unknown_parameters,
    cursor_that_is_none,
    deleted_jobs,
    # What needs a page of jobs comes last.
    pages,
    link_to_the_next_page,
    pages_do_not_shift,
)
