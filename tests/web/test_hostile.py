"""What strangers send: never a 500, never an HTML page, nothing half-created, and no secret in any message."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from fakejobs.hub import FakeHub
from fakejobs.web.app import wsgi_app
from fakejobs.wire.read_json import BODY_LIMIT
from tests.conftest import JOB, TOKEN, frozen_hub
from tests.support.play import ME, create, get, post

GONE = "0" * 24
SECRET = "s3cr3t-v4lue"


@pytest.fixture(autouse=True)
def nothing_half_created(hub: FakeHub) -> Iterator[None]:
    """After each test: what is there can be counted and read."""
    yield
    caller = hub.caller("x")
    everything = hub.all_jobs()
    assert hub.count(caller, ME) == len(everything)
    for seen in everything:
        hub.job(caller, ME, seen.job.id)


def send(web: Client, body: str | bytes, path: str = f"/api/jobs/{ME}", method: str = "POST") -> TestResponse:
    return web.open(path, method=method, data=body, headers=TOKEN, content_type="application/json")


def check_refused(answer: TestResponse, status: int = 400) -> None:
    assert answer.status_code == status, (answer.status_code, answer.text[:300])
    assert answer.content_type == "application/json; charset=utf-8"
    assert list(answer.get_json()) == ["error"]
    assert SECRET not in answer.text + str(answer.headers)
    assert len(answer.data) < 200_000


VALID = '{"flavor":"cpu-basic","dockerImage":"x"'
BODIES = {
    "empty": b"",
    "blank": b"  \n ",
    "cut off": VALID.encode(),
    "not UTF-8": b'{"flavor":"\xff\xfe"}',
    "UTF-16": '{"flavor":"cpu-basic"}'.encode("utf-16"),
    "a NUL": b'{"flavor":"cpu-basic\x00"}',
    "NaN": (VALID + ',"timeoutSeconds":NaN}').encode(),
    "Infinity": (VALID + ',"timeoutSeconds":-Infinity}').encode(),
    "1e999": (VALID + ',"timeoutSeconds":1e999}').encode(),
    "10^30": (VALID + ',"timeoutSeconds":1' + "0" * 30 + "}").encode(),
    "10^308": (VALID + ',"attempts":1' + "0" * 308 + "}").encode(),
    "10^5000": (VALID + ',"attempts":1' + "0" * 5000 + "}").encode(),
    "1e30": (VALID + ',"timeoutSeconds":1e30}').encode(),
    "a lone surrogate": (VALID + ',"environment":{"AB":"\\ud800"}}').encode(),
    "a lone surrogate in a key": (VALID + ',"labels":{"\\udfff":"x"}}').encode(),
    "brackets": b"[" * 100_000,
    "closed brackets": b"[" * 100_000 + b"]" * 100_000,
    "braces": b'{"a":' * 100_000,
    "brackets in a key": (VALID + ',"labels":' + "[" * 100_000 + "]" * 100_000 + "}").encode(),
    "an array": b"[1,2,3]",
    "a text": b'"flavor"',
    "null": b"null",
    "a number": b"12",
    "two values": b"{}{}",
    "a comment": b'{"flavor":"cpu-basic"} // hello',
    "single quotes": b"{'flavor':'cpu-basic'}",
    "a trailing comma": (VALID + ",}").encode(),
    "a form": b"flavor=cpu-basic&dockerImage=x",
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_no_job(web: Client, hub: FakeHub, name: str) -> None:
    check_refused(send(web, BODIES[name]))
    job = create(web)
    for path in (f"/api/jobs/{ME}/{job}/labels", f"/api/jobs/{ME}/{job}/expose"):
        check_refused(send(web, BODIES[name], path, "PUT"))
    assert hub.count_all() == 1


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("path", ["rules", "clock", "reset", f"jobs/{GONE}/transition"])
def test_bodies_that_are_no_admin_call(web: Client, hub: FakeHub, name: str, path: str) -> None:
    create(web)
    before = hub.snapshot()
    answer = send(web, BODIES[name], f"/_fakejobs/{path}")
    if name == "empty" and path in ("rules", "reset"):
        assert answer.status_code == 200, "a rule for every job; a reset of everything"
        return
    check_refused(answer)
    assert hub.snapshot() == before


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("path", ["cancel", "duplicate", "auth-check/read"])
def test_a_body_where_none_is_needed_is_not_even_read(web: Client, name: str, path: str) -> None:
    job = create(web)
    assert send(web, BODIES[name], f"/api/jobs/{ME}/{job}/{path}").status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "",
        "a" * 1000,
        "é",
    ],
)
def test_another_content_type(web: Client, hub: FakeHub, content_type: str) -> None:
    answer = web.post(f"/api/jobs/{ME}", data=json.dumps(JOB), headers=TOKEN, content_type=content_type)
    check_refused(answer, 415)
    assert hub.count_all() == 0


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json"]
)
def test_json_by_another_name(web: Client, content_type: str) -> None:
    answer = web.post(f"/api/jobs/{ME}", data=json.dumps(JOB), headers=TOKEN, content_type=content_type)
    assert answer.status_code == 200


def test_a_body_over_the_limit(web: Client, hub: FakeHub) -> None:
    big = json.dumps({**JOB, "environment": {"BIG": "x" * BODY_LIMIT}})
    check_refused(send(web, big), 413)
    just = json.dumps({**JOB, "environment": {"BIG": ""}})
    just = json.dumps({**JOB, "environment": {"BIG": "x" * (BODY_LIMIT - len(just))}})
    assert len(just) == BODY_LIMIT
    assert send(web, just).status_code == 200
    assert hub.count_all() == 1


def test_a_length_that_is_a_lie(web: Client, hub: FakeHub) -> None:
    for length in ("abc", "-5", "99999999999999999999"):
        answer = web.post(
            f"/api/jobs/{ME}",
            data=json.dumps(JOB),
            headers=TOKEN,
            content_type="application/json",
            environ_overrides={"CONTENT_LENGTH": length},
        )
        assert answer.status_code in (400, 413), length
    assert hub.count_all() == 0


def test_a_body_that_cannot_be_read(web: Client, hub: FakeHub) -> None:
    class Broken(io.RawIOBase):
        """As werkzeug's server has it, when the chunks of a body are none."""

        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise OSError("Invalid chunk header")

    answer = web.post(
        f"/api/jobs/{ME}",
        headers=TOKEN,
        content_type="application/json",
        environ_overrides={"wsgi.input": io.BufferedReader(Broken()), "wsgi.input_terminated": True},
    )
    check_refused(answer)
    assert answer.get_json()["error"] == "The body cannot be read: its chunks are malformed"
    assert hub.count_all() == 0


def test_the_last_of_two_keys_counts(web: Client) -> None:
    made = send(web, VALID + ',"flavor":"t4-small"}')
    assert made.get_json()["flavor"] == "t4-small"


def test_unknown_keys_are_accepted_and_forgotten(web: Client) -> None:
    strange: dict[str, object] = {
        "a b": 1,
        "": None,
        "__proto__": {},
        "big": 10**30,
        "deep": [[[[]]]],
        "constructor": SECRET,
    }
    made = post(web, f"/api/jobs/{ME}", {**JOB, **strange})
    assert made.status_code == 200
    assert not set(strange) & set(made.get_json())
    assert web.get("/_fakejobs/requests").status_code == 200, "the journal can show it"


@pytest.mark.parametrize(
    "text",
    [
        "\u2028\u2029\u0085",
        "\x00\x01\x1f",
        "\ufeff",
        "💥",
        "e\u0301",
        "‮",
        "\r\n\r\nX-Evil: 1",
        "<script>",
        "'; DROP TABLE jobs; --",
    ],
)
def test_texts_go_round_unchanged(web: Client, hub: FakeHub, text: str) -> None:
    hub.when().then(scheduling=0, running=1, logs=[text])
    job = create(web, environment={"TEXT": text}, command=["echo", text], dockerImage=text)
    read = get(web, f"/api/jobs/{ME}/{job}").get_json()
    assert read["environment"] == {"TEXT": text}
    assert read["command"] == ["echo", text]
    assert read["dockerImage"] == text
    hub.clock.advance(1_000)
    logs = get(web, f"/api/jobs/{ME}/{job}/logs").text
    assert len(logs.splitlines()) == 4, "no reader of lines is torn apart"
    assert json.loads(logs.splitlines()[2].removeprefix("data: "))["data"] == text


SECRETS = [
    {"secrets": {"1BAD NAME": SECRET}},
    {"secrets": {"GOOD": SECRET}, "flavor": "none"},
    {"secrets": SECRET},
    {"secrets": [SECRET]},
    {"secrets": {"GOOD": [SECRET]}},
    {"secrets": {"GOOD": {"DEEP": SECRET}}},
    {"environment": {"1BAD": SECRET}},
    {"environment": SECRET},
    {"flavor": SECRET},
    {"labels": {"ok": SECRET + "/"}},
    {"timeoutSeconds": SECRET},
    {"expose": {"ports": [SECRET]}},
    {"resourceGroupId": SECRET},
    {"volumes": [{"type": SECRET}]},
    {"arch": SECRET},
    {"command": [[SECRET]]},
]


@pytest.mark.parametrize("wrong", SECRETS, ids=range(len(SECRETS)))
def test_no_value_is_ever_repeated_in_an_error(web: Client, wrong: dict[str, object]) -> None:
    check_refused(post(web, f"/api/jobs/{ME}", {**JOB, **wrong}))


def test_no_secret_value_is_ever_answered(web: Client, hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running=1)
    job = create(web, secrets={"KEY": SECRET})
    hub.clock.advance(1_000)
    paths = ["", "/count", f"/{job}", f"/{job}/logs", f"/{job}/events"]
    texts = [get(web, f"/api/jobs/{ME}{path}").text for path in paths]
    texts += [web.get(f"/_fakejobs/{path}").text for path in ("requests", "rules", "health", "clock")]
    texts.append(post(web, f"/api/jobs/{ME}/{job}/duplicate").text)
    assert SECRET not in "".join(texts)
    assert '"secrets":["KEY"]' in texts[2]


@pytest.mark.parametrize(
    "namespace",
    [
        "%00",
        "a%00b",
        "%2F",
        "%2e%2e",
        "..%2f..",
        "%C3%A9",
        "%FF%FE",
        "%ED%A0%80",
        "a b",
        "a%0D%0AX:1",
        "%25",
        "x" * 10_000,
        "'",
        "count",
        "hardware",
    ],
)
def test_namespaces_that_are_none(web: Client, namespace: str) -> None:
    for answer in (
        get(web, f"/api/jobs/{namespace}"),
        get(web, f"/api/jobs/{namespace}/{GONE}"),
        get(web, f"/api/jobs/{namespace}/{GONE}/logs"),
        post(web, f"/api/jobs/{namespace}", JOB),
        post(web, f"/api/jobs/{namespace}/auth-check/read"),
    ):
        if namespace == "hardware" and answer.status_code == 200:
            continue  # GET /api/jobs/hardware is the list of flavors
        # A slash in disguise makes another path, on which POST may be the wrong method.
        check_refused(
            answer, answer.status_code if answer.status_code == 405 and "%2" in namespace.lower() else 404
        )


@pytest.mark.parametrize(
    "job_id",
    [
        "%00" * 24,
        "%C3%A9" * 12,
        "x" * 100_000,
        "0" * 23,
        "0" * 25,
        "g" * 24,
        "-1",
        "%20",
        GONE + "%0A",
        "\uff11" * 24,
    ],
)
def test_ids_that_are_none(web: Client, job_id: str) -> None:
    for way in ("", "/logs", "/metrics", "/events"):
        check_refused(get(web, f"/api/jobs/{ME}/{quote(job_id, safe='%')}{way}"), 404)
    check_refused(post(web, f"/_fakejobs/jobs/{quote(job_id, safe='%')}/transition", {"stage": "ERROR"}), 404)


@pytest.mark.parametrize(
    "query",
    [
        "cursor=", "cursor=x", "cursor=%00", "cursor=%ff", "cursor=%C3%A9", "cursor=MTIz", "cursor=" + "A" * 3000,
        "cursor=a&cursor=b", "cursor=====", "stage=", "stage=UPDATING", "stage=running", "stage=RUNNING,ERROR",
        "stage=RUNNING&stage=x", "stage=%00", "stage=CANCELLED", "label=", "label=x", "label==", "label=a=b=c",
        "label=a%00=b", "label=%C3%A9=b", "label=a%20b=c", "label=a=b&label=x", "label=a=/",
    ],
)  # fmt: skip
def test_lists_with_odd_queries(web: Client, query: str) -> None:
    check_refused(get(web, f"/api/jobs/{ME}?{query}"))


@pytest.mark.parametrize(
    "query",
    [
        "limit=5",
        "x",
        "&&&",
        "=",
        "%",
        "%zz",
        "%ff=%ff",
        "stage[]=RUNNING",
        "a" * 10_000,
        "label.x=1",
        "tail=-1",
    ],
)
def test_unknown_parameters_are_ignored(web: Client, query: str) -> None:
    create(web)
    assert len(get(web, f"/api/jobs/{ME}?{query}").get_json()) == 1


def test_bytes_in_a_query_that_are_not_escaped(web: Client) -> None:
    """Servers hand them on as they are, in Latin-1."""
    create(web, labels={"a": "b"})
    for query, status in (
        ("label=\xff", 400),
        ("label=\xc3\xa9=b", 400),
        ("cursor=\xed\xa0\x80", 400),
        ("x=\xff&label=a%3Db", 200),
        ("\xff", 200),
    ):
        answer = web.get(f"/api/jobs/{ME}", headers=TOKEN, environ_overrides={"QUERY_STRING": query})
        assert answer.status_code == status, answer.text
    paths = [record["path"] for record in web.get("/_fakejobs/requests").get_json()]
    assert f"/api/jobs/{ME}?label=%C3%A9=b" in paths


@pytest.mark.parametrize(
    "query",
    [
        "tail=",
        "tail=x",
        "tail=-1",
        "tail=1.0",
        "tail=1e3",
        "tail=+1",
        "tail=%201",
        "tail=1&tail=2",
        "tail=" + "9" * 400,
        "tail=\uff19",
        "tail=0x10",
    ],
)
def test_tails_that_are_no_numbers(web: Client, query: str) -> None:
    job = create(web)
    post(web, f"/api/jobs/{ME}/{job}/cancel")
    check_refused(get(web, f"/api/jobs/{ME}/{job}/logs?{query}"))


def test_count_with_odd_queries(web: Client) -> None:
    for query in ("stage=x", "stage=", "stage=RUNNING,ERROR"):
        check_refused(get(web, f"/api/jobs/{ME}/count?{query}"))
    assert get(web, f"/api/jobs/{ME}/count?label=x").status_code == 200, "counting knows no labels"


@pytest.mark.parametrize("way", ["logs", "metrics", "events"])
def test_head_on_a_stream_ends_at_once(web: Client, way: str) -> None:
    job = create(web)
    answer = web.head(f"/api/jobs/{ME}/{job}/{way}", headers=TOKEN)
    assert answer.status_code == 200
    assert answer.data == b""
    assert answer.content_type.startswith("text/event-stream")


@pytest.mark.parametrize(
    "path",
    [
        "/api/jobs/hardware",
        f"/api/jobs/{ME}",
        f"/api/jobs/{ME}/{GONE}/logs",
        "/_fakejobs/clock",
        "/api/whoami-v2",
    ],
)
def test_options_is_no_page(web: Client, path: str) -> None:
    answer = web.options(path, headers=TOKEN)
    assert answer.status_code == 200
    assert "GET" in answer.headers["Allow"]
    assert answer.data == b""
    assert "html" not in str(answer.headers)


def test_options_where_nothing_is(web: Client) -> None:
    check_refused(web.options("/nothing", headers=TOKEN), 404)
    assert web.options("*", headers=TOKEN).status_code in (200, 404)


def test_very_long_paths_and_headers(web: Client) -> None:
    check_refused(get(web, "/" + "x" * 60_000), 404)
    check_refused(get(web, "/api/" + "x/" * 30_000), 501)
    long = "y" * 60_000
    assert get(web, f"/api/jobs/{ME}", **{"User-Agent": long, "X-Long": long}).status_code == 200
    assert web.get("/api/whoami-v2", headers={"Authorization": f"Bearer {long}"}).status_code == 200
    check_refused(web.get("/api/whoami-v2", headers={"Authorization": long}), 401)


@pytest.mark.parametrize(
    "host", ["", "a b", "evil\tx", "x" * 3000, "[::1", "a:99999", "éé", "a/b", "<x>", "%", "@:1"]
)
def test_hosts_that_are_none(web: Client, hub: FakeHub, host: str) -> None:
    for _ in range(101):
        create(web)
    answer = web.get(f"/api/jobs/{ME}", headers=TOKEN, environ_overrides={"HTTP_HOST": host})
    assert answer.status_code in (200, 400), answer.text[:200]
    assert answer.content_type.startswith("application/json")


def test_tokens_in_odd_bytes(web: Client) -> None:
    for token in ("é", "\x7f", "hf_" + "ÿ" * 100):
        answer = web.get("/api/whoami-v2", environ_overrides={"HTTP_AUTHORIZATION": f"Bearer {token}"})
        assert answer.status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "get", "FOO"])
@pytest.mark.parametrize(
    "path",
    [
        f"/api/jobs/{ME}/{GONE}/cancel",
        "/_fakejobs/rules/1",
        "/_fakejobs/rules/x",
        "/_fakejobs/nothing",
        f"/api/scheduled-jobs/{ME}/{GONE}/run",
    ],
)
def test_every_method_everywhere(web: Client, method: str, path: str) -> None:
    answer = web.open(path, method=method, headers=TOKEN)
    assert answer.status_code in (404, 405, 501)
    assert list(answer.get_json()) == ["error"]


# ------------------------------------------------------------------------------- bodies around the valid ones

_NAMES = st.sampled_from(
    ["flavor", "dockerImage", "spaceId", "command", "arguments", "environment", "secrets", "arch", "timeoutSeconds",
     "attempts", "labels", "volumes", "expose", "ssh", "resourceGroupId", "network", "unknown"]
)  # fmt: skip
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 70_000),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        ["cpu-basic", "t4-small", "sprx8", "amd64", "bucket", "/data", "a" * 24, "", "AB", "a.b"]
    ),
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "ports",
                    "portsPublic",
                    "enabled",
                    "group",
                    "aliases",
                    "type",
                    "source",
                    "mountPath",
                    "AB",
                    "a-b",
                    "1",
                    "",
                ]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)
_GOOD = {
    "flavor": st.sampled_from(["cpu-basic", "h200", "rtx-pro-6000x8"]),
    "command": st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=3),
    "environment": st.dictionaries(
        st.from_regex(r"[a-zA-Z][_a-zA-Z0-9]{1,5}", fullmatch=True), st.text(max_size=5)
    ),
    "labels": st.dictionaries(
        st.from_regex(r"[a-zA-Z0-9._-]{1,5}", fullmatch=True),
        st.from_regex(r"[a-zA-Z0-9._-]{0,5}", fullmatch=True),
    ),
    "timeoutSeconds": st.one_of(st.none(), st.integers(1, 2**53 - 1)),
    "attempts": st.integers(1, 2**53 - 1),
    "expose": st.fixed_dictionaries({"ports": st.lists(st.integers(1, 65535), max_size=20)}),
}


@settings(max_examples=200)
@given(
    good=st.fixed_dictionaries(
        {"flavor": _GOOD["flavor"]}, optional={key: each for key, each in _GOOD.items() if key != "flavor"}
    ),
    spoilt=st.dictionaries(_NAMES, _VALUES, max_size=2),
)
def test_bodies_around_the_valid_ones(good: dict[str, object], spoilt: dict[str, object]) -> None:
    hub = frozen_hub()
    web = Client(wsgi_app(hub))
    valid = post(web, f"/api/jobs/{ME}", {"dockerImage": "x", **good})
    assert valid.status_code == 200, valid.text
    body = json.dumps({"dockerImage": "x", **good, **spoilt}, allow_nan=False)
    answer = send(web, body)
    assert answer.status_code in (200, 400), answer.text
    made = 1 + (answer.status_code == 200)
    assert get(web, f"/api/jobs/{ME}/count").get_json() == {"count": made}
    if answer.status_code == 200:
        hub.clock.advance(10**9)
        job = answer.get_json()["id"]
        assert get(web, f"/api/jobs/{ME}/{job}").get_json()["status"]["stage"] in ("COMPLETED", "ERROR")
        assert get(web, f"/api/jobs/{ME}/{job}/logs").status_code == 200
        assert post(web, f"/api/jobs/{ME}/{job}/duplicate").status_code == 200
    assert web.get("/_fakejobs/requests").status_code == 200
    hub.close()


@settings(max_examples=100)
@given(
    body=_VALUES,
    where=st.sampled_from(["labels", "expose"]),
    key=st.sampled_from(["labels", "ports", "portsPublic"]),
)
def test_changes_around_the_valid_ones(body: object, where: str, key: str) -> None:
    hub = frozen_hub()
    hub.when().then(scheduling=0, running="1h")
    web = Client(wsgi_app(hub))
    job = create(web)
    before = get(web, f"/api/jobs/{ME}/{job}").get_json()
    answer = send(web, json.dumps({key: body}), f"/api/jobs/{ME}/{job}/{where}", "PUT")
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert get(web, f"/api/jobs/{ME}/{job}").get_json() == before
    hub.close()


@settings(max_examples=100)
@given(
    path=st.sampled_from(["rules", "clock", "reset", f"jobs/{GONE}/transition"]),
    body=st.dictionaries(
        st.sampled_from(["when", "then", "advance", "set", "freeze", "speed", "stage", "message", "seed", "users", "orgs",
                         "tokens", "quirks", "flavors", "start", "cancel_reason"]),
        st.one_of(
            _VALUES,
            st.dictionaries(
                st.sampled_from(["image", "flavor", "labels", "environment", "logs", "running", "exit_code", "oom", "name",
                                 "t4-small", "cancel_finished", "message", "scheduling"]),
                st.one_of(_VALUES, st.dictionaries(st.sampled_from(["between", "capacity", "cpu_load"]), _VALUES, max_size=2)),
                max_size=2,
            ),
        ),
        max_size=2,
    ),
)  # fmt: skip
def test_admin_calls_around_the_valid_ones(path: str, body: dict[str, object]) -> None:
    hub = frozen_hub()
    web = Client(wsgi_app(hub))
    answer = send(web, json.dumps(body), f"/_fakejobs/{path}")
    assert answer.status_code in (200, 400, 404), (body, answer.text)
    assert web.get("/_fakejobs/rules").status_code == 200
    assert web.get("/_fakejobs/health").status_code == 200
    if answer.status_code == 200 and path == "rules":
        assert post(web, f"/api/jobs/{ME}", JOB).status_code == 200
    hub.close()
