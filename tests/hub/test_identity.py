"""Whatever the roles, groups and tokens: everybody sees and changes exactly what they may, through every use case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from fakejobs.hub import FakeHub
from fakejobs.hub.settings import settings_from, settings_to
from fakejobs.model.draws import entity_id
from fakejobs.model.identity import Caller
from fakejobs.model.refusal import Refusal
from tests.conftest import JOB, frozen_hub

ROLES = ("admin", "write", "contributor", "read", "no_access")
WRITERS = ROLES[:3]
READERS = ROLES[:4]
USERS = ("ada", "bob")
GROUPS = ("vision", "audio")
ROLE = st.none() | st.sampled_from(ROLES)
BOTH = st.fixed_dictionaries(dict.fromkeys(USERS, ROLE))
PERMISSIONS = st.lists(st.sampled_from(["job.read", "job.write", "repo.write"]), unique=True, max_size=2)


@dataclass(frozen=True)
class People:
    """Roles of two users in an organisation and its groups, and what a fine-grained token of the second one has."""

    roles: dict[str, str | None]
    groups: dict[str, dict[str, str | None] | None]
    fine: dict[str, list[str]] | None
    token_role: str

    def words(self) -> dict[str, object]:
        token: dict[str, object] = {"token": "hf_bob", "user": "bob", "role": self.token_role}
        if self.fine is not None:
            token.update(role="fineGrained", permissions=self.fine)
        members = {user: role for user, role in self.roles.items() if role is not None}
        groups = [
            {"name": name}
            if roles is None
            else {"name": name, "members": {u: r for u, r in roles.items() if r is not None and u in members}}
            for name, roles in self.groups.items()
        ]
        return {
            "users": list(USERS),
            "orgs": [{"name": "acme", "members": members, "groups": groups}, "everybody"],
            "tokens": [token, {"token": "hf_ada", "user": "ada"}],
        }

    def may(self, place: str, permission: str) -> bool:
        """Whether bob's token may do that in ``bob``, ``ada``, ``acme``, ``acme/vision``, ...; said in another way than the model does."""
        org, _, group = place.partition("/")
        if place == "ada":
            return False
        if org == "acme":
            role = self.roles["bob"]
            inside = self.groups.get(group) if group else None
            if role not in (None, "admin") and inside is not None:
                role = inside["bob"]
            if role not in (WRITERS if permission == "write" else READERS):
                return False
        if self.fine is None:
            return permission == "read" or self.token_role != "read"
        granted = [*self.fine.get(place, []), *self.fine.get(org, [])]
        return "job.write" in granted or (permission == "read" and "job.read" in granted)


people = st.builds(
    People,
    roles=BOTH,
    groups=st.fixed_dictionaries(dict.fromkeys(GROUPS, st.none() | BOTH)),
    fine=st.none()
    | st.dictionaries(st.sampled_from(["bob", "ada", "acme", "acme/vision", "acme/audio"]), PERMISSIONS),
    token_role=st.sampled_from(["read", "write"]),
)
PLACES = ("ada", "bob", "acme", "acme/vision", "acme/audio")


def address(place: str) -> str:
    return entity_id("resource-group", place) if "/" in place else place


def fill(hub: FakeHub, words: dict[str, object]) -> dict[str, str]:
    """A job in every place, submitted by somebody who may do everything; then the people are those of ``words``."""
    all_powerful = {
        "users": list(USERS),
        "orgs": [{"name": "acme", "groups": list(GROUPS)}, "everybody"],
        "tokens": [{"token": f"hf_{user}", "user": user} for user in USERS],
    }
    hub.configure(settings_from(all_powerful))
    jobs = {}
    for place in PLACES:
        who = hub.caller("hf_bob" if place == "bob" else "hf_ada")
        jobs[place] = hub.submit(who, address(place), {**JOB, "environment": {}}).job.id
    hub.configure(settings_from(words))
    return jobs


def status(call: Callable[..., object], *arguments: object) -> int:
    """200, or the status of the refusal."""
    try:
        call(*arguments)
    except Refusal as refusal:
        return refusal.status
    return 200


@settings(max_examples=150, deadline=None)
@given(people)
def test_everybody_sees_and_changes_what_they_may(who: People) -> None:
    hub = frozen_hub()
    jobs = fill(hub, who.words())
    bob = hub.caller("hf_bob")
    spec = {**JOB, "environment": {}}
    for place in PLACES:
        namespace = place.partition("/")[0]
        inside = [each for each in PLACES if each.partition("/")[0] == namespace]
        visible = [jobs[each] for each in inside if who.may(each, "read")]
        reads, writes = who.may(place, "read"), who.may(place, "write")
        if place == namespace:
            assert status(hub.jobs, bob, namespace) == (200 if visible else 403)
            if visible:
                assert [each.job.id for each in hub.jobs(bob, namespace).jobs] == visible[::-1]
                assert hub.count(bob, namespace) == len(visible)
        else:
            assert status(hub.job, bob, address(place), jobs[place]) == (200 if reads else 403)
            assert status(hub.relabel, bob, address(place), jobs[place], {"a": "b"}) == (
                200 if writes else 403
            )
            named = {**spec, "resourceGroupId": address(place)}
            assert status(hub.submit, bob, namespace, named) == (200 if writes else 403)
        assert status(hub.submit, bob, address(place), spec) == (200 if writes else 403)
        # Through the name of the organisation: whoever is let in does not even learn that the rest is there.
        seen = 200 if reads else 404 if visible else 403
        assert status(hub.job, bob, namespace, jobs[place]) == seen
        assert status(hub.logs, bob, namespace, jobs[place]) == seen
        let_in = any(who.may(each, "write") for each in inside)
        changed = 200 if writes else 404 if let_in and not reads else 403
        assert status(hub.relabel, bob, namespace, jobs[place], {"a": "b"}) == changed
    hub.close()


@given(people)
def test_the_words_go_round(who: People) -> None:
    chosen = settings_from(who.words())
    assert settings_from(settings_to(chosen)) == chosen


@settings(max_examples=50, deadline=None)
@given(people)
def test_whoami_and_the_rights_agree(who: People) -> None:
    """Whoever reads ``roleInOrg`` and the groups' roles of whoami-v2 knows where a plain token may write."""
    from fakejobs.wire.encode import whoami_body

    hub = frozen_hub(**who.words())
    ada: Caller = hub.caller("hf_ada")
    orgs = whoami_body(ada, hub.settings.identity)["orgs"]
    assert isinstance(orgs, list)
    roles = {org["name"]: org["roleInOrg"] for org in orgs}
    assert roles.get("acme") == who.roles["ada"]
    assert roles["everybody"] == "admin"
    groups = {group["id"]: group["role"] for org in orgs for group in org.get("resourceGroups", [])}
    for place in PLACES[3:]:
        writes = groups.get(address(place)) in WRITERS
        assert status(hub.allow, ada, address(place), "write") == (200 if writes else 403)
    hub.close()
