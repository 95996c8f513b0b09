"""The Hub's rate limiter: off by default; switched on, it counts what each caller asks in a window of five minutes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from fakejobs.hub import FakeHub
from fakejobs.hub.settings import settings_from, settings_to
from fakejobs.model.rate_limits import RateLimit, rate_limit_from, rate_limit_to
from fakejobs.web.app import wsgi_app
from tests.conftest import START, TOKEN, frozen_hub

WHOAMI = "/api/whoami-v2"
SECONDS = 300 - START // 1000 % 300
"""Seconds that are left of the window in which time stands still."""


def ask(web: Client, path: str = WHOAMI, **options: object) -> TestResponse:
    return web.get(path, **{"headers": TOKEN, **options})


def test_there_is_none_unless_it_is_switched_on(web: Client) -> None:
    answer = ask(web)
    assert "RateLimit" not in answer.headers


def test_every_answer_says_what_is_left() -> None:
    web = Client(wsgi_app(frozen_hub(rate_limit=True)))
    for left in (2499, 2498):
        answer = ask(web)
        assert answer.status_code == 200
        assert answer.headers["RateLimit"] == f'"api";r={left};t={SECONDS}'
        assert answer.headers["RateLimit-Policy"] == '"fixed window";"api";q=2500;w=300'
        assert "Retry-After" not in answer.headers


def test_one_too_many() -> None:
    hub = frozen_hub(rate_limit={"requests": 2}, users=[{"name": "ada", "is_pro": False}])
    web = Client(wsgi_app(hub))
    assert [ask(web).status_code for _ in range(3)] == [200, 200, 429]
    answer = ask(web)
    assert answer.headers["RateLimit"] == f'"api";r=0;t={SECONDS}'
    assert answer.headers["Retry-After"] == str(SECONDS)
    text = (
        "We had to rate limit you, you hit the quota of 2 api requests per 5 minutes period. Upgrade to a PRO user or "
        "Team/Enterprise organization account (https://hf.co/pricing) to get higher limits. "
        "See https://huggingface.co/docs/hub/rate-limits"
    )
    assert answer.get_json() == {"error": text}
    assert answer.headers["X-Error-Message"] == text
    hub.clock.advance(SECONDS * 1000 - 1)
    assert ask(web).status_code == 429
    assert ask(web).headers["Retry-After"] == "1"
    hub.clock.advance(1)
    assert ask(web).status_code == 200


def test_nobody_is_an_address() -> None:
    web = Client(wsgi_app(frozen_hub(rate_limit={"requests": 1})))
    assert ask(web, "/api/jobs/hardware", headers={}).status_code == 200
    answer = ask(web, "/api/jobs/hardware", headers={})
    assert answer.status_code == 429
    assert answer.get_json()["error"].startswith(
        "We had to rate limit your IP (127.0.0.1). To continue using our service, create a HF account"
    )
    assert ask(web).status_code == 200, "a user has a window of their own"
    assert (
        ask(web, "/api/jobs/hardware", headers={}, environ_base={"REMOTE_ADDR": "10.0.0.2"}).status_code
        == 200
    )


def test_a_token_of_nobody_counts_for_the_address() -> None:
    hub = frozen_hub(rate_limit={"requests": 1}, tokens=[{"token": "hf_known", "user": "fake-user"}])
    web = Client(wsgi_app(hub))
    assert ask(web, headers={"Authorization": "Bearer hf_wrong"}).status_code == 401
    assert ask(web, headers={"Authorization": "Bearer hf_other"}).status_code == 429


def test_a_request_too_many_has_no_effect() -> None:
    hub = frozen_hub(rate_limit={"requests": 0})
    answer = Client(wsgi_app(hub)).post(
        "/api/jobs/fake-user", json={"flavor": "cpu-basic", "dockerImage": "x"}, headers=TOKEN
    )
    assert answer.status_code == 429
    assert hub.count_all() == 0


def test_the_admin_api_is_not_limited() -> None:
    web = Client(wsgi_app(frozen_hub(rate_limit={"requests": 0})))
    assert web.get("/_fakejobs/health").status_code == 200
    assert web.get("/openapi.json").status_code == 200


@pytest.mark.parametrize(
    ("user", "orgs", "quota"),
    [
        ({"is_pro": False}, [], 1000),
        ({"is_pro": True}, [], 2500),
        ({"is_pro": False}, [{"name": "org"}], 1000),
        ({"is_pro": False}, [{"name": "org", "plan": "academia"}], 2500),
        ({"is_pro": True}, [{"name": "org", "plan": "team"}], 3000),
        ({"is_pro": False}, [{"name": "org", "plan": "enterprise"}, {"name": "other", "plan": "team"}], 6000),
        ({"is_pro": False}, [{"name": "org", "plan": "plus"}], 10000),
        ({"is_pro": False}, [{"name": "org", "plan": "plus", "members": {}}], 1000),
    ],
)
def test_the_quota_is_that_of_the_best_plan(
    user: dict[str, object], orgs: list[dict[str, object]], quota: int
) -> None:
    web = Client(wsgi_app(frozen_hub(rate_limit=True, users=[{"name": "ada", **user}], orgs=orgs)))
    assert ask(web).headers["RateLimit-Policy"] == f'"fixed window";"api";q={quota};w=300'


def test_what_is_left_is_the_same_after_a_restart(tmp_path: Path) -> None:
    settings = settings_from({"rate_limit": {"requests": 2, "window": "1h"}})
    for statuses in ([200], [200, 429]):
        hub = FakeHub(str(tmp_path / "hub.db"), settings=settings, anchor=frozen_hub().clock.anchor)
        assert [ask(Client(wsgi_app(hub))).status_code for _ in statuses] == statuses
        hub.close()


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("on", "rate_limit: give true, false, or a table"),
        ({"request": 5}, "rate_limit.request: unknown word; did you mean 'requests'?"),
        ({"requests": -1}, "rate_limit.requests: give a whole number"),
        ({"requests": True}, "rate_limit.requests: give a whole number"),
        ({"window": "soon"}, "rate_limit.window: "),
        ({"window": 0.5}, "rate_limit.window: give whole seconds"),
        ({"window": "2d"}, "rate_limit.window: give whole seconds, at most a day"),
    ],
)
def test_what_it_cannot_be(value: object, sentence: str) -> None:
    with pytest.raises(ValueError, match="rate_limit") as raised:
        settings_from({"rate_limit": value})
    assert str(raised.value).startswith(sentence)


@given(
    st.none()
    | st.builds(
        RateLimit,
        st.none() | st.integers(0, 1_000_000),
        st.integers(1, 86_400).map(lambda seconds: seconds * 1000),
    )
)
def test_it_is_kept_as_it_is_given(limit: RateLimit | None) -> None:
    assert rate_limit_from(rate_limit_to(limit)) == limit
    words = settings_to(settings_from({"rate_limit": rate_limit_to(limit)}))
    assert settings_from(words).rate_limit == limit
