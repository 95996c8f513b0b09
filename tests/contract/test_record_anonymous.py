"""Nothing that says who somebody is, and no token or secret, is in a recording; what was equal stays equal."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakejobs.contract.anonymous import anonymous
from fakejobs.contract.recorder import Recorder
from fakejobs.contract.recording import Body, Exchange, Frame, Request, Response, one_line
from fakejobs.contract.recording_files import file_text, read_recordings
from fakejobs.wire.json_types import Json

JOB_ID = "6a18a55f465605444a000004"
ADA_ID = "5f0c746619cb630495b814fd"
UPSTREAM = "http://127.0.0.1:8484"


def exchange(
    path: str = "/api/whoami-v2",
    answer: Json = None,
    body: Json = None,
    frames: tuple[str, ...] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Exchange:
    return Exchange(
        Request(
            "GET" if body is None else "POST",
            path,
            headers=headers or {},
            body=None if body is None else Body("body", body),
        ),
        Response(
            200,
            body=None if answer is None else Body("body", answer),
            frames=None if frames is None else tuple(Frame(0, text) for text in frames),
        ),
    )


ADA: dict[str, Json] = {
    "type": "user", "id": ADA_ID, "name": "ada", "fullname": "Ada Lovelace", "email": "ada@lovelace.org",
    "avatarUrl": "https://cdn.example/ada.png", "isPro": True,
    "orgs": [{"type": "org", "id": "5f0c746619cb630495b814aa", "name": "engines", "fullname": "Analytical Engines", "avatarUrl": ""}],
    "auth": {"type": "access_token", "accessToken": {"displayName": "ada's laptop", "role": "write", "createdAt": "2026-01-01T00:00:00.000Z"}},
}  # fmt: skip


def value_after(*before: Exchange) -> Any:
    """The JSON of the last exchange (of its answer, or else of its request), once all were made anonymous."""
    last = anonymous(before, [UPSTREAM])[-1]
    body = last.response.body or last.request.body
    assert body is not None
    return body.value


def text_after(text: str) -> str:
    return str(value_after(exchange(answer=ADA), exchange(answer={"error": text}))["error"])


def test_who_calls() -> None:
    me = value_after(exchange(answer=ADA))
    assert (me["id"], me["name"], me["fullname"]) == ("000000000000000000000001", "user-1", "User 1")
    assert me["email"] == "user-1@example.com"
    assert me["avatarUrl"] == "https://huggingface.co/avatars/user-1.svg"
    assert (me["orgs"][0]["name"], me["orgs"][0]["fullname"]) == ("org-1", "Org 1")
    assert me["auth"]["accessToken"]["displayName"] == "token"
    assert list(me) == list(ADA)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("ada, Ada, adamant, ada/model, ADA_HOME", "user-1, user-1, adamant, user-1/model, user-1_HOME"),
        ("by Ada Lovelace of engines", "by User 1 of org-1"),
        ("mail ada@lovelace.org or bob@lovelace.org", "mail user-1@example.com or email-1@example.com"),
        (f"job {JOB_ID} of {ADA_ID}", "job 6a18a55f0000000000000003 of 000000000000000000000001"),
        (f"ssh://{JOB_ID}@ssh.hf.jobs", "ssh://6a18a55f0000000000000003@ssh.hf.jobs"),
        (f"https://{JOB_ID}--8000.hf.jobs", "https://6a18a55f0000000000000003--8000.hf.jobs"),
        ("10.1.2.3, 10.1.2.3, fe80::1, 127.0.0.1, 1.2.3", "192.0.2.1, 192.0.2.1, 2001:db8::1, 127.0.0.1, 1.2.3"),
        ("at 12:30:45 it took 00:01:02.5", "at 12:30:45 it took 00:01:02.5"),
        ("hf_abcdefgh ghp_0123456789012345678901 AKIA0123456789ABCDEF", "<hidden> <hidden> <hidden>"),
        ("https://ada:pass@host/x", "https://<hidden>@host/x"),
        (f"see {UPSTREAM}/x, {UPSTREAM}1/x", f"see https://huggingface.co/x, {UPSTREAM}1/x"),
        ("Root=1-6a18a500-0123456789abcdef01234567", "Root=1-00000000-000000000000000000000000"),
        ("sha256 " + "a" * 64, "sha256 " + "a" * 64),
        (JOB_ID + "ff", JOB_ID + "ff"),
        ("to /users/bob@lovelace.org by ada%40lovelace.org", "to /users/email-1@example.com by user-1%40example.com"),
        (f"ssh {JOB_ID}@ssh.hf.jobs", "ssh 6a18a55f0000000000000003@ssh.hf.jobs"),
        (r"\nada@lovelace.org \u00e9ada@lovelace.org", r"\nuser-1@example.com \u00e9user-1@example.com"),
        ("\x1b[1;31mada@lovelace.org [ada@lovelace.org]", "\x1b[1;31muser-1@example.com [user-1@example.com]"),
        # Right behind what is no part of the word: colours, escapes of JSON and of addresses.
        ("\x1b[32mada\x1b[0m \x1b[1;31mada \x1b[Kada \\nada \\u00e9ada", "\x1b[32muser-1\x1b[0m \x1b[1;31muser-1 \x1b[Kuser-1 \\nuser-1 \\u00e9user-1"),
        (f"jobs%2Fada%2F{JOB_ID}", "jobs%2Fuser-1%2F6a18a55f0000000000000003"),
        ("Ada%20Lovelace, Ada+Lovelace, ADA LOVELACE", "User%201, User 1, User 1"),
        ("\x1b[32mghp_0123456789012345678901", "\x1b[32m<hidden>"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl", "<hidden>"),
        ("127.0.0.1:8484, 127.0.0.1:84841", "huggingface.co, 127.0.0.1:84841"),
    ],
)  # fmt: skip
def test_texts(text: str, changed: str) -> None:
    assert text_after(text) == changed


def test_scripts_in_base64() -> None:
    script = "# /// script\nprint('{} trains')  # long enough to be one\n"
    ours, theirs = (b64encode(script.format(name).encode()).decode() for name in ("user-1", "ada"))
    assert text_after(f"echo {theirs} | base64 -d") == f"echo {ours} | base64 -d"


def test_secrets_are_gone_wherever_they_turn_up() -> None:
    asked: Json = {
        "secrets": {"DB_URL": "postgres-pass", "K": "abc"},
        "environment": {"WANDB_API_KEY": "0123456789abcdef", "EPOCHS": "3", "TOKENIZERS_PARALLELISM": "false"},
        "password": "swordfish",
    }  # fmt: skip
    log = (
        'data: {"data":"url is postgres-pass, key 0123456789abcdef","timestamp":"x"}\n\n',
        "data: sent not-like-a-token to nobody, false\n\n",
    )
    first, second = anonymous(
        [
            exchange("/api/jobs/ada", body=asked, headers={"authorization": "Bearer not-like-a-token"}),
            exchange(f"/api/jobs/ada/{JOB_ID}/logs", frames=log),
        ]
    )
    assert first.request.body is not None
    assert first.request.body.value == {
        "secrets": {"DB_URL": "<secret DB_URL>", "K": "<secret K>"},
        "environment": {"WANDB_API_KEY": "<secret WANDB_API_KEY>", "EPOCHS": "3", "TOKENIZERS_PARALLELISM": "false"},
        "password": "<hidden>",
    }  # fmt: skip
    assert first.request.headers["authorization"] == "<token 1>"
    assert [frame.text for frame in second.response.frames or ()] == [
        'data: {"data":"url is <secret DB_URL>, key <secret WANDB_API_KEY>","timestamp":"x"}\n\n',
        "data: sent <hidden> to nobody, false\n\n",
    ]


def test_a_body_that_is_no_json_and_speaks_of_secrets_is_not_kept() -> None:
    broken = Body.of(b'{"secrets": {"KEY": "value"')
    (made,) = anonymous([Exchange(Request("POST", "/api/jobs/ada", body=broken), Response(400))])
    assert made.request.body == Body("omitted", "it is no JSON, and speaks of secrets")


def test_tokens_of_the_content_store_are_gone_whatever_they_look_like() -> None:
    # They are used elsewhere, so nobody has seen them in a request.
    store: dict[str, Json] = {
        "casUrl": "https://cas.example",
        "exp": 1_767_229_200,
        "accessToken": "opaque.words",
    }
    token = exchange("/api/buckets/ada/jobs-artifacts/xet-write-token", store)
    assert value_after(token)["accessToken"] == "<hidden>"
    assert value_after(exchange(answer=ADA))["auth"]["accessToken"]["role"] == "write"


def test_lines_of_a_secret_are_gone_too() -> None:
    key = "-----BEGIN KEY-----\nc2VjcmV0bGluZQ\nb3RoZXJsaW5l\n"
    made = anonymous(
        [
            exchange("/api/jobs/ada", body={"secrets": {"SSH_KEY": key}}),
            exchange(f"/api/jobs/ada/{JOB_ID}/logs", frames=("data: read b3RoZXJsaW5l\n\n",)),
        ]
    )
    assert made[1].response.frames == (Frame(0, "data: read <secret SSH_KEY>\n\n"),)


def test_the_host_of_the_server_is_gone() -> None:
    said = "hub.intranet.example, wss://hub.intranet.example:8443/x, cdn.Hub.intranet.example, hub.intranet.example.org, hub.intranet.example--80.x"
    (made,) = anonymous([exchange(answer={"error": said})], ["https://hub.intranet.example:8443"])
    assert made.response.body is not None
    assert made.response.body.value == {
        "error": "huggingface.co, wss://huggingface.co/x, cdn.huggingface.co, hub.intranet.example.org, huggingface.co--80.x"
    }


def test_names_that_a_client_made_of_the_command_line_prove_nothing() -> None:
    """huggingface_hub ends them with a hash of it, which whoever guesses a name could compare."""
    first: Json = {"labels": {"name": "python-3-12-dece3bfb"}}
    second: Json = {"labels": {"name": "python-3-12-0a1b2c3d"}}
    asked = Exchange(
        Request("GET", "/api/jobs/ada", (("label", "name=python-3-12-dece3bfb"),)), Response(200)
    )
    made = anonymous([exchange("/api/jobs/ada", body=first), exchange("/api/jobs/ada", body=second), asked])
    assert [each.request.body.value["labels"]["name"] for each in made[:2]] == [  # type: ignore[union-attr, call-overload, index] # as made above
        "python-3-12-00000001",
        "python-3-12-00000002",
    ]
    assert made[2].request.query == (("label", "name=python-3-12-00000001"),)


def test_bytes_that_are_no_text() -> None:
    raw = b"\xff\xfe" + "pässword".encode() + b"\x00 ada \x89"
    body = Exchange(Request("POST", "/upload", body=Body.of(raw)), Response(200))
    asked = exchange("/api/jobs/ada", body={"secrets": {"KEY": "pässword"}})
    made = anonymous([asked, body])[1].request.body
    assert made is not None
    assert made.raw() == b"\xff\xfe<secret KEY>\x00 user-1 \x89"


def test_cookies_are_never_kept() -> None:
    (made,) = anonymous([exchange(headers={"cookie": "a=1", "accept": "*/*"})])
    assert made.request.headers == {"accept": "*/*"}


def test_the_words_of_the_api_stay_even_if_somebody_is_called_so() -> None:
    """A user called ``job`` must not become the type of every job."""
    owner: Json = {"id": ADA_ID, "name": "job", "type": "user", "avatarUrl": ""}
    body: Json = {"id": JOB_ID, "type": "job", "owner": owner, "flavor": "t4-small", "labels": {"job": "job"}}
    (made,) = anonymous([exchange("/api/jobs/job", body)])
    assert made.request.path == "/api/jobs/user-1"
    assert made.response.body is not None
    job: Any = made.response.body.value
    assert (job["type"], job["owner"]["name"], job["labels"]) == ("job", "user-1", {"user-1": "user-1"})


def test_somebody_may_really_be_called_so() -> None:
    owner: Json = {"id": ADA_ID, "name": "user-1", "type": "user", "avatarUrl": ""}
    value = value_after(exchange("/api/jobs/ada", {"createdBy": {"id": "x", "name": "ada"}, "owner": owner}))
    assert (value["createdBy"]["name"], value["owner"]["name"]) == ("user-2", "user-3")


def test_keys_of_maps_stay_names_that_the_api_takes() -> None:
    answer: Json = {"secrets": ["ADA"], "environment": {"ADA_HOME": "x"}, "labels": {"ada": "ada.1"}}
    assert value_after(exchange(answer=ADA), exchange("/api/jobs/ada", answer)) == {
        "secrets": ["user_1"],
        "environment": {"user_1_HOME": "x"},
        "labels": {"user-1": "user-1.1"},
    }


def test_links_and_cursors() -> None:
    link = f'<{UPSTREAM}/api/jobs/ada?label=o%3Dada&cursor=NmExOGE1>; rel="next"'
    page = Exchange(Request("GET", "/api/jobs/ada"), Response(200, {"link": link}))
    following = Exchange(
        Request("GET", "/api/jobs/ada", (("label", "o=ada"), ("cursor", "NmExOGE1"))), Response(200)
    )
    first, second = anonymous([page, following], [UPSTREAM])
    assert first.response.headers["link"] == (
        '<https://huggingface.co/api/jobs/user-1?label=o%3Duser-1&cursor=cursor-1>; rel="next"'
    )
    assert second.request.query == (("label", "o=user-1"), ("cursor", "cursor-1"))


def test_frames_keep_their_spelling() -> None:
    frames = (
        'data: {"say":"\\u00e9 ada","at":1.0}\n\n',
        'event: metric\ndata: {"say": "é ada"}\n\n',
        ": keep-alive\n\n",
        "data: [1, 2\n\n",
    )
    made = anonymous([exchange(answer=ADA), exchange(f"/api/jobs/ada/{JOB_ID}/logs", frames=frames)])[1]
    assert [frame.text for frame in made.response.frames or ()] == [
        text.replace(" ada", " user-1") for text in frames
    ]


# Anybody, anything. Names begin with "zq", which is in no word of the API or of these files.

letters = "abcdefghijklmnopqrstuvwxyz0123456789"
names = st.text(letters, min_size=2, max_size=10).map("zq".__add__)
ids = st.text("0123456789abcdef", min_size=24, max_size=24).filter(lambda each: len(set(each)) > 6)
secrets = st.text(letters + 'ABC-._~+/= "\\é', min_size=4, max_size=30).map("zqs".__add__)
tokens = st.text(letters + "ABCDEF", min_size=20, max_size=37).map("hf_".__add__)


PLACE = "https://hub.intranet.example:8443"
WRAPPINGS = (
    "{}", "/{}/", '"{}"', "({})", "{}:", "={}", "{},", "%2F{}%2F", "\x1b[32m{}\x1b[0m", "\\n{}\\n", "\\u00e9{}", "https://{}--8000.hf.jobs",
    f"{PLACE}/api/jobs/{{}}?x=1", "http://x.example/?q={}&b=1",
)  # fmt: skip


def scripted(text: str) -> str:
    """As ``hf jobs uv run`` sends scripts."""
    return b64encode(f"# a script\nprint('{text} was here')  # and more\n".encode()).decode()


def with_base64_decoded(text: str) -> str:
    return re.sub(r"[A-Za-z0-9+/]{32,}={0,2}", lambda match: match[0] + decoded(match[0]), text)


def decoded(text: str) -> str:
    try:
        return b64decode(text, validate=True).decode()
    except ValueError:
        return ""


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_original_is_in_any_file_and_equal_ones_stay_equal(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    people = data.draw(st.lists(names, min_size=3, max_size=5, unique=True))
    user, friend, *orgs = people
    numbers = data.draw(st.lists(ids, min_size=5, max_size=6, unique=True))
    token, secret = data.draw(tokens), data.draw(secrets)
    other_token, jwt = (
        data.draw(tokens),
        f"eyJ{data.draw(names)}aaaaaaaa.eyJ{data.draw(names)}aaaaaaaa.{data.draw(names)}",
    )
    fullname = f"Zq{data.draw(names)} {data.draw(st.sampled_from(['von', 'Ünal']))} {friend}"
    email, stranger = (f"{data.draw(names)}@{each}.org" for each in (friend, "zqsomewhere"))
    place = data.draw(st.sampled_from([PLACE, "hub.intranet.example", "wss://HUB.intranet.example/x"]))
    originals = [
        *people,
        *numbers,
        token,
        secret,
        other_token,
        jwt,
        email,
        stranger,
        fullname,
        place,
        user.upper(),
    ]
    spelled = [
        quote(fullname),
        quote_plus(fullname),
        json.dumps(fullname)[1:-1],
        quote(email),
        quote(secret, safe=""),
    ]
    mentions = st.one_of(
        st.builds(str.format, st.sampled_from(WRAPPINGS), st.sampled_from([*originals, *spelled])),
        st.sampled_from(originals).map(scripted),
        st.sampled_from(["epoch", "é", "1"]),
    )
    say = st.lists(mentions, min_size=1, max_size=5).map(" ".join)

    entity: dict[str, Json] = {
        "id": numbers[0],
        "name": user,
        "type": "user",
        "avatarUrl": f"https://cdn/{user}.png",
    }
    org: dict[str, Json] = {"type": "org", "id": numbers[2], "name": orgs[0], "avatarUrl": ""}
    me: Json = {**entity, "fullname": fullname, "email": email, "orgs": [org]}
    other: Json = {"owner": {"id": numbers[3], "name": friend, "type": "user", "avatarUrl": ""}}
    more: Json = [{"owner": {**org, "id": numbers[4], "name": each}} for each in orgs[1:]]
    job: Json = {
        "id": numbers[1], "type": "job", "owner": entity, "createdBy": {"id": numbers[0], "name": user}, "initiator": entity,
        "dockerImage": f"{friend}/image", "labels": {"by": user}, "command": [data.draw(say)],
        "status": {"stage": "ERROR", "message": data.draw(say)},
    }  # fmt: skip
    spec: Json = {
        "secrets": {"KEY": secret},
        "environment": {"WHO": user, "MY_TOKEN": secret, "SAYS": data.draw(say)},
    }
    headers = {"authorization": f"Bearer {token}", "cookie": f"t={token}", "user-agent": f"mine/1 ({user})"}
    frames = tuple(
        f"data: {json.dumps({'data': data.draw(say)}, ensure_ascii=escaped)}\n\n" for escaped in (True, False)
    )
    exchanges = data.draw(
        st.permutations(
            [
                exchange(f"/api/models/{user}/model", {"error": data.draw(say)}, headers=headers),
                exchange(answer=me, headers=headers),
                exchange(f"/api/jobs/{user}", job, spec, headers=headers),
                exchange(f"/api/jobs/{user}/{numbers[1]}/logs", frames=frames),
                exchange(f"/api/jobs/{user}/{numbers[1]}", job),
                Exchange(
                    Request(
                        "GET",
                        f"/api/jobs/{user}",
                        (("label", f"by={user}"), ("x", data.draw(say)), ("token", secret)),
                        headers,
                    ),
                    Response(
                        200,
                        {
                            "link": f'<{PLACE}/api/jobs/{user}?cursor={numbers[1]}>; rel="next"',
                            "x-error-message": one_line(data.draw(say)),
                        },
                    ),
                ),
                Exchange(
                    Request("POST", "/any", body=Body.of(b"\xff" + data.draw(say).encode())),
                    Response(502, failed=f"{PLACE} is down"),
                ),
                exchange(f"/api/jobs/{friend}", other),
                exchange(f"/api/jobs/{orgs[0]}", more),
            ]
        )
    )
    folder = tmp_path_factory.mktemp("recordings")
    recorder = Recorder(folder, [PLACE])
    for each in exchanges:
        recorder.finish(recorder.begin(), each)
    recorder.close()
    written = with_base64_decoded(
        "\n".join(f"{file.name}\n{file.read_text('utf-8')}" for file in sorted(folder.iterdir()))
    )

    whole = (
        token,
        secret,
        json.dumps(secret)[1:-1],
        other_token,
        jwt,
        *numbers,
        email,
        stranger,
        fullname,
        "intranet",
    )
    for original in (*whole, *spelled):
        assert original.lower() not in written.lower()
    for name in people:
        found = re.search(rf".*(?<![a-z0-9]){re.escape(name)}(?![a-z0-9]).*", written, re.IGNORECASE)
        assert not found, (name, found and found[0])
    assert "cookie" not in written

    # And each stands for one: the same job, the same people everywhere.
    made = [each.exchange for each in read_recordings(folder)]
    bodies: list[Any] = [each.response.body.value for each in made if each.response.body is not None]
    jobs = [body for body in bodies if isinstance(body, dict) and body.get("type") == "job"]
    (whoami,) = [body for body in bodies if isinstance(body, dict) and "orgs" in body]
    assert jobs[0] == jobs[1]
    assert jobs[0]["id"][:8] == numbers[1][:8]
    assert jobs[0]["owner"] == jobs[0]["initiator"]
    assert whoami["id"] == jobs[0]["createdBy"]["id"] != jobs[0]["id"]
    assert whoami["name"] == jobs[0]["owner"]["name"] == jobs[0]["labels"]["by"]
    assert f"/api/jobs/{whoami['name']}/{jobs[0]['id']}" in {each.request.path for each in made}
    standing = {
        body["owner"]["name"] for body in [*jobs, *bodies] if isinstance(body, dict) and "owner" in body
    }
    assert len(standing) == 2


@given(st.text(max_size=60))
def test_any_text_can_be_written(text: str) -> None:
    (made,) = anonymous(
        [exchange(answer={"error": text}, body={text: [text]}, frames=(f"data: {text}\n\n",))]
    )
    assert json.loads(file_text(made))["response"]["status"] == 200
