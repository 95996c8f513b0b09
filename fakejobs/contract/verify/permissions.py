"""Facts about what tokens may do, and that namespaces see nothing of each other."""

from __future__ import annotations

from fakejobs.contract.verify.asking import WEBHOOKS
from fakejobs.contract.verify.facts import Ask, fact
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.scheduled import YEARLY
from fakejobs.contract.verify.seen import mapping, stage_of
from fakejobs.contract.verify.usage import USAGE

PUBLIC = "output of the hf command in public logs (job.write); job.read by analogy"


def _token(probe: Probe, word: str) -> str:
    return f"hf_verify_{word}_{probe.run_id}"


def _missing(namespace: str, permission: str) -> str:
    return (
        "You don't have the required permissions to complete this action on namespace "
        f"{namespace}, missing permissions: job.{permission}"
    )


@fact(source=PUBLIC, asks=[Ask("sleeps", count=3)], needs="fakejobs")
def token_that_may_read(probe: Probe) -> None:
    """A token with the role read reads jobs, scheduled jobs and webhooks, and what it would make or change is a 403."""
    reads, name = _token(probe, "read"), probe.namespace
    job_id = probe.new("sleeps")
    scheduled_id = probe.schedule(YEARLY).object["id"]
    with probe.arranged(tokens=[{"token": reads, "role": "read"}]):
        for target in (probe.jobs_path, f"{probe.jobs_path}/{job_id}", probe.schedules_path, WEBHOOKS, USAGE):
            probe.same(
                f"GET {target}".replace(job_id, "{id}"), 200, probe.send("GET", target, token=reads).status
            )
        body = {"jobSpec": probe.body("sleeps"), "schedule": YEARLY, "suspend": True}
        for method, target, sent in (
            ("POST", probe.jobs_path, probe.body("sleeps")),
            ("POST", f"{probe.jobs_path}/{job_id}/cancel", None),
            ("PUT", f"{probe.jobs_path}/{job_id}/labels", {"labels": {}}),
            ("POST", probe.schedules_path, body),
            ("POST", f"{probe.schedules_path}/{scheduled_id}/run", None),
            ("DELETE", f"{probe.schedules_path}/{scheduled_id}", None),
        ):
            answer = probe.send(method, target, sent, token=reads)
            what = f"{method} {target}".replace(job_id, "{id}").replace(str(scheduled_id), "{id}")
            probe.same(f"status of {what}", 403, answer.status)
            probe.same(f"error of {what}", _missing(name, "write"), answer.error)
            if answer.status != 403:
                probe.trial.submitted += 1
        hook = probe.hook_body(url="https://webhook.invalid/")
        probe.same("status of making a webhook", 403, probe.send("POST", WEBHOOKS, hook, token=reads).status)
        probe.same("stage of the job", "SCHEDULING", stage_of(probe.job(job_id)))


@fact(source=PUBLIC, quirks=["job_write_reads"], needs="fakejobs")
def token_that_may_write(probe: Probe) -> None:
    """Whether a fine-grained token with job.write and without job.read may read jobs."""
    writes = _token(probe, "write")
    words = {"token": writes, "role": "fineGrained", "permissions": {probe.namespace: ["job.write"]}}
    with probe.arranged(tokens=[words]):
        for path in ("", "/count"):
            answer = probe.send("GET", f"{probe.jobs_path}{path}", token=writes)
            what = f"status of {path or 'list'}"
            probe.by_quirk("job_write_reads", what, {"yes": 200, "no": 403}, answer.status)
            if answer.status == 403:
                probe.same(f"error of {path or 'list'}", _missing(probe.namespace, "read"), answer.error)
        path = f"{probe.jobs_path}/auth-check/write"
        probe.same("status of auth-check/write", 200, probe.send("POST", path, token=writes).status)


@fact(source=PUBLIC, needs="fakejobs")
def token_for_one_namespace(probe: Probe) -> None:
    """A fine-grained token may do in each namespace what it has permissions for there, and nothing elsewhere."""
    grained, org = _token(probe, "fine"), probe.next_org
    words = {"token": grained, "role": "fineGrained", "permissions": {org: ["job.read"]}}
    with probe.arranged(tokens=[words]):
        probe.same("GET where it may", 200, probe.send("GET", f"/api/jobs/{org}", token=grained).status)
        for method, target, permission in (
            ("GET", probe.jobs_path, "read"),
            ("GET", probe.schedules_path, "read"),
            ("POST", f"/api/jobs/{org}", "write"),
            ("POST", f"/api/scheduled-jobs/{org}", "write"),
        ):
            answer = probe.send(method, target, {} if method == "POST" else None, token=grained)
            probe.same(f"status of {method} {target}", 403, answer.status)
            probe.same(
                f"error of {method} {target}", _missing(target.split("/")[3], permission), answer.error
            )


@fact(
    source="sillsdev/silnlp#791 met the text; of whoami-v2 one project quotes it",
    quirks=["expired_token"],
    needs="fakejobs",
)
def token_that_has_expired(probe: Probe) -> None:
    """A token that has expired is a 401 everywhere, which names it."""
    expired, name = _token(probe, "expired"), f"expired {probe.run_id}"
    words = {"token": expired, "name": name, "expires": "2001-01-01T00:00:00Z"}
    with probe.arranged(tokens=[words]):
        for target in ("/api/whoami-v2", probe.jobs_path, probe.schedules_path, WEBHOOKS, USAGE):
            answer = probe.send("GET", target, token=expired)
            probe.same(f"status of {target}", 401, answer.status)
            seen = (answer.error or "").replace(name, "{name}")
            probe.text_of_quirk("expired_token", f"error of {target}", seen)


@fact(source="huggingface_hub#3728; the rest is assumed", asks=[Ask("sleeps", count=3)], needs="fakejobs")
def two_namespaces_of_one_caller(probe: Probe) -> None:
    """A namespace has its own jobs and scheduled jobs, and nothing of the others of the same caller: not in lists, not in counts,
    not by id."""
    label = f"try=apart-{probe.run_id}"
    labels = {"try": f"apart-{probe.run_id}"}
    mine = probe.new("sleeps", labels=labels)
    my_schedule = str(probe.schedule(YEARLY, labels=labels).object["id"])
    with probe.arranged() as org:
        theirs = probe.id_of(probe.submit_as_it_is(probe.body("sleeps", labels=labels), org))
        target = f"/api/scheduled-jobs/{org}"
        body = {"jobSpec": probe.body("sleeps", labels=labels), "schedule": YEARLY, "suspend": True}
        their_schedule = str(probe.send("POST", target, body).object["id"])
        for what, path, expected in (
            ("jobs here", probe.jobs_path, [mine]),
            ("jobs there", f"/api/jobs/{org}", [theirs]),
            ("scheduled jobs here", probe.schedules_path, [my_schedule]),
            ("scheduled jobs there", target, [their_schedule]),
        ):
            listed = probe.send("GET", f"{path}?label={label.replace('=', '%3D')}").items
            probe.same(what, expected, [each.get("id") for each in listed])
        for what, path in (
            ("job of here", f"/api/jobs/{org}/{mine}"),
            ("job of there", f"{probe.jobs_path}/{theirs}"),
            ("scheduled job of here", f"{target}/{my_schedule}"),
            ("scheduled job of there", f"{probe.schedules_path}/{their_schedule}"),
        ):
            probe.same(f"status of a {what}, asked for in the other", 404, probe.send("GET", path).status)
        for path in (f"/api/jobs/{org}/{mine}/cancel", f"{target}/{my_schedule}/run"):
            probe.same(f"status of POST …/{path.rpartition('/')[2]}", 404, probe.send("POST", path).status)
        probe.same("jobs there in all", {"count": 1}, probe.send("GET", f"/api/jobs/{org}/count").object)
        owner = mapping(probe.send("GET", f"/api/jobs/{org}/{theirs}").object["owner"])
        probe.same("owner", [org, "org"], [owner.get("name"), owner.get("type")])
        probe.send("DELETE", f"{target}/{their_schedule}")


@fact(source="huggingface_hub#3728", asks=[Ask("sleeps")], needs="foreign")
def jobs_of_others(probe: Probe) -> None:
    """A job of somebody else is not there, whichever namespace of one's own it is asked for in, and no list has one."""
    foreign = str(probe.foreign)
    job_id = probe.new("sleeps")
    answer = probe.send("GET", f"/api/jobs/{foreign}/{job_id}")
    probe.same("status of one's own job in the other namespace", 403, answer.status)
    owners = {str(mapping(job["owner"]).get("name")) for job in probe.get("").items}
    probe.same("owners of the jobs in the list", [probe.namespace], sorted(owners))


FACTS = (
    token_that_may_read,
    token_that_may_write,
    token_for_one_namespace,
    token_that_has_expired,
    two_namespaces_of_one_caller,
    jobs_of_others,
)
"""Facts about permissions."""
