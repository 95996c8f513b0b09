"""People, tokens and webhooks are the same words for the marker, `activate`, scenario files and the admin API; and their pages are true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import fakejobs as package
from fakejobs import FakeJobs
from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.options import Options
from fakejobs.remote import RemoteError, RemoteHub
from fakejobs.scenario import load_scenario, open_hub, scenario_from
from fakejobs.web.app import wsgi_app

pytest.importorskip("huggingface_hub")

DOCS = Path(__file__).parents[2] / "fakejobs" / "docs"
PAGES = ("permissions.md", "webhooks.md")

ACME = {"name": "acme", "members": {"ada": "write", "bob": "read"}, "groups": ["vision"]}
TOKENS = [{"token": "hf_of_ada_here"}, {"token": "hf_of_bob_here", "user": "bob"}]
HOOK = {
    "watched": [{"type": "dataset", "name": "ada/data"}],
    "domains": ["repo"],
    "job": {"flavor": "cpu-basic", "dockerImage": "python:3.12", "secrets": {"KEY": "hf_the_key"}},
}


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_scenario_of_a_page_loads(page: str, tmp_path: Path) -> None:
    (example,) = blocks(page, "toml")
    (tmp_path / "scenario.toml").write_text(example)
    hub = open_hub(scenario=load_scenario(tmp_path / "scenario.toml"))
    if page == "permissions.md":
        (acme,) = hub.settings.identity.orgs
        assert [group.name for group in acme.groups] == ["vision"]
        assert [token.role for token in hub.settings.identity.tokens] == ["write", "read", "fineGrained"]
    else:
        (delivery,) = hub.fire_event(repo="ada/data", type="dataset")
        assert delivery.job is not None
    hub.close()


@pytest.mark.parametrize("page", PAGES)
def test_the_test_of_a_page_passes(page: str, pytester: pytest.Pytester) -> None:
    imports = (
        "import pytest\nfrom huggingface_hub import HfApi, create_webhook, run_job\n"
        "from huggingface_hub.errors import HfHubHTTPError\n"
    )
    (example,) = blocks(page, "python")
    pytester.makepyfile(imports + example)
    pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:asyncio").assert_outcomes(passed=1)


def test_activate_takes_them() -> None:
    from huggingface_hub import HfApi

    with package.activate(user="ada", users=["bob"], orgs=[ACME, "everybody"], tokens=TOKENS) as fake:
        assert HfApi().whoami()["name"] == "ada", "the first token is the one that is logged in"
        assert HfApi(token="hf_of_bob_here").whoami()["name"] == "bob"
        roles = {org["name"]: org["roleInOrg"] for org in fake.api.whoami()["orgs"]}
        assert roles == {"acme": "write", "everybody": "admin"}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ({"tokens": "hf_of_ada_here"}, "tokens: give a list of tables"),
        ({"users": "bob"}, "users: give a list of names"),
        ({"orgs": [{"name": "acme", "members": {"zoe": "read"}}]}, "orgs.acme.members: no user 'zoe'"),
        (
            {"tokens": [{"token": "hf_of_ada_here", "rol": "read"}]},
            r"tokens\[0\].rol: unknown word; did you mean 'role'",
        ),
        ({"token": "hf_of_ada_here"}, "token: unknown option"),
    ],
)
def test_errors_name_the_place_and_no_token(words: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as refused, package.activate(**words):
        pass
    assert "hf_of_ada_here" not in str(refused.value)


def test_options_show_no_token() -> None:
    assert "hf_of_ada_here" not in repr(Options(tokens=TOKENS))


@pytest.mark.fakejobs(user="ada", tokens=TOKENS[:1])
def test_a_report_shows_no_token(fakejobs: FakeJobs) -> None:
    fakejobs.api.run_job(image="x", command=["true"], secrets={"HF_TOKEN": "hf_of_ada_here"})
    shown = [
        fakejobs.report(),
        repr(fakejobs.requests),
        repr(fakejobs.hub.settings),
        repr(fakejobs.hub.snapshot()),
    ]
    assert not any("hf_of_ada_here" in each for each in shown)


def test_a_scenario_puts_webhooks_there_once(tmp_path: Path) -> None:
    path = str(tmp_path / "hub.db")
    scenario = scenario_from({"users": ["ada", "bob"], "webhooks": [HOOK, {**HOOK, "user": "bob"}]})
    hub = open_hub(path, scenario=scenario)
    first, second = hub.fire_event(repo="ada/data", type="dataset")
    owners = {seen.job.id: seen.job.namespace for seen in hub.all_jobs()}
    assert [owners[str(each.job)] for each in (first, second)] == ["ada", "bob"]
    hub.close()
    hub = open_hub(path, scenario=scenario)
    assert len(hub.fire_event(repo="ada/data", type="dataset")) == 2, "and not four"
    hub.close()


@pytest.mark.parametrize(
    ("hooks", "complaint"),
    [
        ("x", "webhooks: give \\[\\[webhooks\\]\\] tables"),
        ([5], r"webhooks\[0\]: give a table"),
        ([{"watched": []}], r"webhooks\[0\]: .*at watched"),
        (
            [HOOK, {**HOOK, "url": "https://example.org"}],
            r"webhooks\[1\]: .*exactly one of url, job, jobSourceId",
        ),
    ],
)
def test_what_a_scenario_cannot_have(hooks: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        scenario_from({"webhooks": hooks})


@pytest.mark.parametrize(
    ("hook", "complaint"),
    [
        ({**HOOK, "user": "zoe"}, r"webhooks\[0\].user: no user 'zoe'; there are: fake-user"),
        (
            {"watched": HOOK["watched"], "domains": ["repo"], "jobSourceId": "0" * 24},
            r"webhooks\[0\]: Job not found",
        ),
    ],
)
def test_what_cannot_be_made_of_it(hook: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        open_hub(scenario=scenario_from({"webhooks": [hook]}))


def test_from_another_process(hub: FakeHub) -> None:
    from huggingface_hub import HfApi

    with serve_in_thread(wsgi_app(hub)) as server:
        remote = RemoteHub(server.url)
        remote.configure(users=["ada", "bob"], orgs=[ACME], tokens=TOKENS)
        api = HfApi(endpoint=server.url, token="hf_of_ada_here")
        source = api.run_job(image="x", command=["true"])
        hook = api.create_webhook(job_id=source.id, watched=[{"type": "user", "name": "bob"}])
        (delivery,) = remote.fire_event(repo="bob/m", scope="discussion", action="create")
        assert (delivery["webhook"], delivery["status"]) == (hook.id, 200)
        assert remote.deliveries() == remote.deliveries(hook.id) == [delivery]
        assert remote.deliveries("other") == []
        with pytest.raises(RemoteError, match="repo: give the name of a repository"):
            remote.fire_event()
        with pytest.raises(ValueError, match=r"fire_event\.repo: a function cannot be sent"):
            remote.fire_event(repo=print)


@pytest.mark.fakejobs(user="ada")
def test_the_handle_gives_the_jobs(fakejobs: FakeJobs) -> None:
    source = fakejobs.api.run_job(image="x", command=["true"])
    fakejobs.api.create_webhook(
        job_id=source.id, watched=[{"type": "user", "name": "ada"}], secret="hush-hush"
    )
    (job,) = fakejobs.fire_event(repo="ada/m")
    assert job.secrets["WEBHOOK_SECRET"] == "hush-hush"
    assert "hush-hush" not in fakejobs.report()
    with pytest.raises(ValueError, match="repo: give the name"):
        fakejobs.fire_event(repo=5)
