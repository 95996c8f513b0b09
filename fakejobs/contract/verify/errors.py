"""Facts about refusals: what is not there, what is not allowed, what is not valid; and about every answer."""

from __future__ import annotations

import re

from fakejobs.contract.verify.asking import GONE
from fakejobs.contract.verify.facts import ASSUMED, OPENAPI, Ask, fact
from fakejobs.contract.verify.jobs import LEAVE_OUT, MARK
from fakejobs.contract.verify.lives import PRINTS, prints
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.transport import Answer

ZOD = "zod 4, which the Hub uses; one such text is public, of the secrets of Spaces"

_REFUSED: tuple[tuple[str, dict[str, object], str], ...] = (
    ("no flavor", {"flavor": LEAVE_OUT}, 'Invalid option: expected one of "cpu-basic"|'),
    ("unknown flavor", {"flavor": "no-such-flavor"}, 'Invalid option: expected one of "cpu-basic"|'),
    ("empty command", {"command": []}, "Too small: expected array to have >=1 items at command"),
    ("empty word", {"command": [""]}, "Too small: expected string to have >=1 characters at command[0]"),
    ("command as text", {"command": "true"}, "Invalid input: expected array, received string at command"),
    (
        "number as argument",
        {"arguments": [1]},
        "Invalid input: expected string, received number at arguments[0]",
    ),
    (
        "variable of one letter",
        {"environment": {"A": "x"}},
        "Invalid string: must match pattern /^[a-zA-Z][_a-zA-Z0-9]+$/ at environment.A (key)",
    ),
    (
        "number as variable",
        {"environment": {"AB": 1}},
        "Invalid input: expected string, received number at environment.AB",
    ),
    (
        "secret that begins with a digit",
        {"secrets": {"1": "x"}},
        "Invalid string: must match pattern /^[a-zA-Z][_a-zA-Z0-9]*$/ at secrets.1 (key)",
    ),
    ("unknown arch", {"arch": "x86"}, 'Invalid option: expected one of "amd64"|"arm64" at arch'),
    ("timeout of nothing", {"timeoutSeconds": 0}, "Too small: expected number to be >0 at timeoutSeconds"),
    (
        "half a second",
        {"timeoutSeconds": 1.5},
        "Invalid input: expected int, received number at timeoutSeconds",
    ),
    ("no attempt", {"attempts": 0}, "Too small: expected number to be >=1 at attempts"),
    (
        "label with a slash",
        {"labels": {"a": "x/y"}},
        "Invalid string: must match pattern /^[a-zA-Z0-9._-]*$/ at labels.a",
    ),
    (
        "label too long",
        {"labels": {"a": "x" * 101}},
        "Too big: expected string to have <=100 characters at labels.a",
    ),
    ("no volumes", {"volumes": []}, "Too small: expected array to have >=1 items at volumes"),
    (
        "unknown volume",
        {"volumes": [{"type": "disk", "source": "a/b", "mountPath": "/x"}]},
        'Invalid option: expected one of "bucket"|"model"|"dataset"|"space" at volumes[0].type',
    ),
    (
        "volume at no path",
        {"volumes": [{"type": "model", "source": "a/b", "mountPath": "x"}]},
        "Invalid string: must match pattern /^\\/.*/ at volumes[0].mountPath",
    ),
    ("port 0", {"expose": {"ports": [0]}}, "Too small: expected number to be >=1 at expose.ports[0]"),
    (
        "port 65536",
        {"expose": {"ports": [65536]}},
        "Too big: expected number to be <=65535 at expose.ports[0]",
    ),
    (
        "21 ports",
        {"expose": {"ports": list(range(1, 22))}},
        "Too big: expected array to have <=20 items at expose.ports",
    ),
    (
        "no group",
        {"resourceGroupId": "x" * 24},
        "Invalid string: must match pattern /^[0-9a-fA-F]{24}$/ at resourceGroupId",
    ),
)
"""What is wrong, with which body, and how the text about it begins."""

_TRIES = Ask("quick", count=len(_REFUSED), timeout=60, exposed=True)


def _is_error(probe: Probe, what: str, answer: Answer, status: int) -> None:
    probe.same(f"{what}: status", status, answer.status)
    if answer.status >= 400:
        body = answer.json
        probe.same(f"{what}: keys", ["error"], list(body) if isinstance(body, dict) else body)
        text = answer.error
        if text is not None and text.isascii() and "\n" not in text:
            probe.same(f"{what}: X-Error-Message", text, answer.header("X-Error-Message"))


@fact(source=OPENAPI, asks=[_TRIES], seconds=60)
def invalid_bodies(probe: Probe) -> None:
    """Every invalid body is refused with 400, and no job comes of it."""
    word = f"refused-{probe.run_id}"
    for what, changes, _text in _REFUSED:
        labels = changes.get("labels")
        mine = {**labels, "try": word} if isinstance(labels, dict) else {"try": word}
        answer = probe.submit("quick", **{"timeoutSeconds": 60, **changes, "labels": mine})
        probe.same(what, 400, answer.status)
    probe.same("jobs", [], [job.get("id") for job in probe.get("", label=[f"try={word}"]).items])


@fact(source=ZOD, asks=[_TRIES], seconds=60)
def words_of_a_400(probe: Probe) -> None:
    """The X-Error-Message of a 400 says what is wrong, and where, in the words of zod."""
    for what, changes, text in _REFUSED:
        answer = probe.submit("quick", **{"timeoutSeconds": 60, **changes})
        header = answer.header("X-Error-Message")
        probe.holds(what, f"{text}…", header, (header or "").startswith(text))


@fact(
    source=f"{ZOD}; the layout is that of its prettifyError",
    asks=[Ask("quick", timeout=60)],
    quirks=["validation_layout"],
)
def layout_of_a_400(probe: Probe) -> None:
    """The text of a 400 has all problems at once, in one of two layouts."""
    answer = probe.submit("quick", timeoutSeconds=60, arch="x86", attempts=0)
    arch, attempts = 'Invalid option: expected one of "amd64"|"arm64"', "Too small: expected number to be >=1"
    line = f"{arch} at arch; {attempts} at attempts"
    pretty = f"✖ {arch}\n  → at arch\n✖ {attempts}\n  → at attempts"
    probe.same("status", 400, answer.status)
    probe.by_quirk("validation_layout", "error", {"zod": pretty, "plain": line}, answer.error)
    probe.same("X-Error-Message", line, answer.header("X-Error-Message"))


@fact(source=ASSUMED)
def bodies_that_are_no_objects(probe: Probe) -> None:
    """What is no JSON object is refused as a body."""
    for what, raw in (("half an object", b"{"), ("a list", b"[]"), ("a text", b'"x"'), ("nothing", b"")):
        answer = probe.send("POST", probe.jobs_path, raw=raw)
        _is_error(probe, what, answer, 400)


@fact(source=OPENAPI, asks=[Ask("sleeps", exposed=True)], seconds=60)
def invalid_changes(probe: Probe) -> None:
    """Invalid labels and ports are refused with 400, and the job stays as it was."""
    job_id = probe.running("sleeps", expose={"ports": [8000]})
    before = {key: probe.job(job_id).get(key) for key in ("labels", "expose")}
    for path, body in (
        ("labels", {}),
        ("labels", {"labels": []}),
        ("labels", {"labels": {"a b": "x"}}),
        ("labels", {"labels": {"a": 1}}),
        ("expose", {}),
        ("expose", {"ports": [0]}),
        ("expose", {"ports": "80"}),
    ):
        probe.same(f"PUT …/{path} {body}", 400, probe.put(f"/{job_id}/{path}", body).status)
    after = {key: probe.job(job_id).get(key) for key in before}
    probe.same("the job", before, after)


@fact(source="huggingface_hub#3728, huggingface_hub#4367", quirks=["job_not_found"])
def no_such_job(probe: Probe) -> None:
    """A job that is not there is a 404, whatever is asked of it; its text is in the body and in X-Error-
    Message."""
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/logs", None),
        ("GET", "/metrics", None),
        ("GET", "/events", None),
        ("POST", "/cancel", None),
        ("POST", "/duplicate", None),
        ("PUT", "/labels", {"labels": {}}),
        ("PUT", "/expose", {"ports": []}),
        ("POST", "/auth-check/read", None),
    ):
        answer = probe.send(method, f"{probe.jobs_path}/{GONE}{path}", body)
        what = f"{method} …{path}"
        _is_error(probe, what, answer, 404)
        probe.text_of_quirk("job_not_found", f"{what}: error", answer.error)


@fact(source="huggingface_hub#4367")
def no_code_of_a_404(probe: Probe) -> None:
    """A 404 of a job has no X-Error-Code: clients know it by its address."""
    probe.same("X-Error-Code", None, probe.get(f"/{GONE}").header("X-Error-Code"))


@fact(source="huggingface_hub#3728", quirks=["namespace_not_found"])
def no_such_namespace(probe: Probe) -> None:
    """A namespace that is not there is a 404."""
    nowhere = f"/api/jobs/no-such-{probe.run_id}"
    for method, target in (
        ("GET", nowhere),
        ("GET", f"{nowhere}/count"),
        ("GET", f"{nowhere}/{GONE}"),
        ("POST", f"{nowhere}/auth-check/read"),
    ):
        answer = probe.send(method, target)
        what = f"{method} {target.removeprefix(nowhere) or 'list'}"
        _is_error(probe, what, answer, 404)
        probe.text_of_quirk("namespace_not_found", f"{what}: error", answer.error)


@fact(source="huggingface_hub#3728", asks=[PRINTS], quirks=["namespace_not_found"], seconds=120)
def job_elsewhere(probe: Probe) -> None:
    """A job in another namespace than its own is not there."""
    answer = probe.send("GET", f"/api/jobs/no-such-{probe.run_id}/{prints(probe).id}")
    probe.same("status", 404, answer.status)
    probe.text_of_quirk("namespace_not_found", "error", answer.error)


@fact(source="huggingface_hub#3744 (500, in January 2026)", quirks=["malformed_job_id", "job_not_found"])
def malformed_ids(probe: Probe) -> None:
    """An id that is none."""
    for path in ("/123", "/123/metrics", "/123/logs", f"/{GONE}0", "/" + "z" * 24):
        answer = probe.get(path)
        statuses = {status: int(status) for status in ("404", "400", "500")}
        probe.by_quirk("malformed_job_id", f"status of …{path}", statuses, answer.status)
        if answer.status == 404 == int(probe.quirks.malformed_job_id):
            probe.text_of_quirk("job_not_found", f"error of …{path}", answer.error)


@fact(source="huggingface/hf-mount#123")
def without_a_token(probe: Probe) -> None:
    """Without a token everything but the hardware list is refused with 401 “Invalid username or password.”"""
    for method, target in (
        ("GET", "/api/whoami-v2"),
        ("GET", probe.jobs_path),
        ("POST", probe.jobs_path),
        ("GET", f"{probe.jobs_path}/{GONE}"),
        ("GET", "/api/jobs/no-such-namespace-anywhere"),
    ):
        answer = probe.send(method, target, {} if method == "POST" else None, token=None)
        what = f"{method} {target.replace(probe.jobs_path, '…')}"
        _is_error(probe, what, answer, 401)
        probe.same(f"{what}: error", "Invalid username or password.", answer.error)


@fact(
    source="huggingface_hub looks for this text: “Invalid credentials in Authorization header”",
    needs="tokens",
)
def unknown_token(probe: Probe) -> None:
    """A token that nobody has is refused with 401."""
    answer = probe.send("GET", probe.jobs_path, token="hf_" + "x" * 34)
    _is_error(probe, "list", answer, 401)
    probe.same("error", "Invalid credentials in Authorization header", answer.error)


@fact(source="output of the hf command in public logs (job.write); job.read by analogy", needs="foreign")
def forbidden(probe: Probe) -> None:
    """Where a token may do nothing, it is refused with 403, which names the namespace and the missing
    permission."""
    elsewhere = f"/api/jobs/{probe.foreign}"
    for method, path, permission in (
        ("GET", "", "read"),
        ("GET", "/count", "read"),
        ("POST", "/auth-check/read", "read"),
        # What the body lacks is looked at after what the token may.
        ("POST", "", "write"),
    ):
        answer = probe.send(method, f"{elsewhere}{path}", {} if not path and method == "POST" else None)
        what = f"{method} {path or 'list'}"
        _is_error(probe, what, answer, 403)
        text = (
            "You don't have the required permissions to complete this action on namespace "
            f"{probe.foreign}, missing permissions: job.{permission}"
        )
        probe.same(f"{what}: error", text, answer.error)


@fact(source=ASSUMED)
def order_of_checks(probe: Probe) -> None:
    """First the token is looked at, then the namespace, then the body."""
    nowhere = f"/api/jobs/no-such-{probe.run_id}"
    probe.same("neither token, namespace nor body", 401, probe.send("POST", nowhere, {}, token=None).status)
    probe.same("neither namespace nor body", 404, probe.send("POST", nowhere, {}).status)
    probe.same("neither job nor body", 404, probe.put(f"/{GONE}/labels", {}).status)


@fact(source="huggingface_hub#3972")
def headers_of_every_answer(probe: Probe) -> None:
    """Every answer has one Date, and an X-Request-Id of this form:
    Root=1-69c4009b-5307905c72da30ae7ba543b0."""
    form = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}(;[0-9a-f-]{36})?")
    ids = []
    for what, answer in (
        ("list", probe.get("")),
        ("404", probe.get(f"/{GONE}")),
        ("hardware", probe.send("GET", "/api/jobs/hardware")),
        ("whoami", probe.send("GET", "/api/whoami-v2")),
    ):
        request_id = answer.header("X-Request-Id")
        ids.append(request_id)
        probe.holds(f"{what}: X-Request-Id", form.pattern, request_id, bool(form.fullmatch(request_id or "")))
        probe.same(f"{what}: number of Date headers", 1, len(answer.all("Date")))
        probe.same(f"{what}: Content-Type", "application/json; charset=utf-8", answer.header("Content-Type"))
    probe.same("different ids", len(ids), len(set(ids)))


@fact(source="RFC 9110", asks=[Ask("sleeps")])
def head(probe: Probe) -> None:
    """HEAD answers as GET, without the body."""
    job_id = probe.new("sleeps")
    for path in ("", f"/{job_id}", f"/{GONE}"):
        get, answer = probe.get(path), probe.send("HEAD", f"{probe.jobs_path}{path}")
        what = path.replace(job_id, "{id}") or "list"
        probe.same(f"status of {what}", get.status, answer.status)
        probe.same(f"body of {what}", "", answer.body.decode("utf-8", "replace"))


@fact(source=ASSUMED, asks=[Ask("sleeps")])
def wrong_methods(probe: Probe) -> None:
    """A method that a route does not have does nothing."""
    job_id = probe.new("sleeps", labels={"here": probe.run_id})
    for method, path in (
        ("DELETE", ""),
        ("DELETE", f"/{job_id}"),
        ("PATCH", f"/{job_id}"),
        ("GET", f"/{job_id}/cancel"),
    ):
        status = probe.send(method, f"{probe.jobs_path}{path}").status
        what = f"{method} …{path.replace(job_id, '{id}')}"
        probe.holds(what, "404 or 405", status, status in (404, 405))
    probe.same("labels", {MARK: probe.run_id, "here": probe.run_id}, probe.job(job_id).get("labels"))


FACTS = (
    invalid_bodies,
    words_of_a_400,
    layout_of_a_400,
    bodies_that_are_no_objects,
    invalid_changes,
    no_such_job,
    no_code_of_a_404,
    no_such_namespace,
    job_elsewhere,
    malformed_ids,
    without_a_token,
    unknown_token,
    forbidden,
    order_of_checks,
    headers_of_every_answer,
    head,
    wrong_methods,
)
