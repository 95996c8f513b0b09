"""Users, organisations and tokens."""

from __future__ import annotations

import json

import pytest

from fakejobs.model.identity import (
    Caller,
    Identity,
    Org,
    Token,
    User,
    token_digest,
)
from fakejobs.model.identity_words import identity_from, identity_to
from fakejobs.model.refusal import Refusal

ROLES = ("admin", "write", "contributor", "read", "no_access")


def identity() -> Identity:
    return Identity(
        users=(User("ada"), User("bob")),
        orgs=(Org("acme", members={"ada": "write"}), Org("open")),
        tokens=(
            Token.of("hf_a", "ada"),
            Token.of("hf_r", "ada", "read"),
            Token.of("hf_f", "ada", "fineGrained"),
            Token.of("hf_b", "bob"),
        ),
    )


def test_without_configured_tokens_any_is_the_first_user() -> None:
    who = Identity(users=(User("ada"), User("bob"))).caller("whatever")
    assert (who.user.name, who.token.role) == ("ada", "write")
    for nothing in (None, ""):
        with pytest.raises(Refusal) as refused:
            Identity().caller(nothing)
        assert refused.value.status == 401


def test_with_configured_tokens_each_is_its_owner() -> None:
    assert identity().caller("hf_b").user.name == "bob"
    assert identity().caller("hf_r").token.role == "read"
    with pytest.raises(Refusal) as refused:
        identity().caller("hf_other")
    assert (refused.value.status, refused.value.message) == (
        401,
        "Invalid credentials in Authorization header",
    )


@pytest.mark.parametrize(
    ("token", "namespace", "may"),
    [
        ("hf_a", "ada", "read write"),
        ("hf_r", "ada", "read"),
        ("hf_f", "ada", "read write"),
        ("hf_a", "bob", ""),
        ("hf_a", "acme", "read write"),
        ("hf_r", "acme", "read"),
        ("hf_b", "acme", ""),
        ("hf_b", "open", "read write"),
    ],
)
def test_who_may_what(token: str, namespace: str, may: str) -> None:
    people = identity()
    caller = people.caller(token)
    allowed = [permission for permission in ("read", "write") if people.may(caller, namespace, permission)]
    assert " ".join(allowed) == may


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("admin", "read write"),
        ("write", "read write"),
        ("contributor", "read write"),
        ("read", "read"),
        ("no_access", ""),
    ],
)
def test_roles_in_an_organisation(role: str, may: str) -> None:
    people = Identity(orgs=(Org("acme", members={"fake-user": role}),))
    caller = people.caller("x")
    allowed = [permission for permission in ("read", "write") if people.may(caller, "acme", permission)]
    assert " ".join(allowed) == may


def test_owners() -> None:
    people = identity()
    ada, acme = people.owner("ada"), people.owner("acme")
    assert ada is not None
    assert acme is not None
    assert (ada.type, acme.type) == ("user", "org")
    assert len(ada.id) == 24
    assert ada.avatar_url.startswith("https://")
    assert people.owner("nobody") is None
    assert people.owner("Ada") is None, "case counts"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ({"users": []}, "there must be one"),
        ({"users": ["ada", "ada"]}, "'ada' is there twice"),
        ({"users": ["ada"], "orgs": ["ada"]}, "'ada' is there twice"),
        ({"users": ["hardware"]}, "'hardware' cannot be a namespace"),
        ({"users": ["-ada"]}, "cannot be a namespace"),
        ({"users": [{"fullname": "Ada"}]}, r"users\[0\]: `name` is missing"),
        ({"users": [{"name": "ada", "age": 5}]}, r"users\[0\]\.age: unknown word"),
        ({"users": [{"name": "ada", "is_pro": "yes"}]}, r"users\[0\]\.is_pro: must be a bool"),
        ({"users": {"name": "ada"}}, "users: give a list"),
        ({"orgs": [{"name": "acme", "members": {"zoe": "read"}}]}, r"orgs\.acme\.members: no user 'zoe'"),
        ({"orgs": [{"name": "acme", "members": {"fake-user": "owner"}}]}, "'owner' is none of admin, write"),
        ({"orgs": [{"name": "acme", "members": {"fake-user": 5}}]}, "5 is none of"),
        (
            {"orgs": [{"name": "acme", "plan": "gold"}]},
            r"orgs\.acme\.plan: 'gold' is none of team, enterprise",
        ),
        ({"tokens": [{"name": "x"}]}, r"tokens\[0\]: `token` is missing"),
        ({"tokens": ["hf_x"]}, r"tokens\[0\]: give a table"),
        ({"tokens": [{"token": "hf_secret", "user": "zoe"}]}, "tokens: no user 'zoe'"),
        ({"tokens": [{"token": "hf_secret", "role": "god"}]}, "'god' is none of read, write, fineGrained"),
        ({"tokens": [{"token": 5}]}, r"tokens\[0\]\.token: must be a str"),
        (
            {"tokens": [{"token": "hf_secret", "permissions": {"fake-user": ["jobs.write"]}}]},
            r"tokens\.fakejobs\.permissions\.fake-user: 'jobs\.write' is no permission; did you mean 'job\.write'\?",
        ),
        (
            {"tokens": [{"token": "hf_secret", "permissions": {"fakeuser": ["job.read"]}}]},
            "permissions: there is no 'fakeuser'; did you mean 'fake-user'",
        ),
        (
            {"tokens": [{"token": "hf_secret", "permissions": {"fake-user": "job.read"}}]},
            r"tokens\[0\]\.permissions\.fake-user: give a list of names",
        ),
        (
            {"tokens": [{"token": "hf_secret", "role": "write", "permissions": {}}]},
            "only a token whose role is fineGrained has permissions",
        ),
        (
            {"tokens": [{"token": "hf_secret", "permissions": {}, "global_permissions": ["job.read"]}]},
            "global_permissions: 'job.read' is none of discussion.write, post.write",
        ),
        (
            {"tokens": [{"token": "hf_secret", "expires": "tomorrow"}]},
            r"tokens\[0\]\.expires: 'tomorrow' is not",
        ),
        ({"tokens": [{"token": "hf_secret", "expires": 5}]}, r"tokens\[0\]\.expires: must be a str"),
        (
            {"tokens": [{"token": "hf_secret", "security_restrictions": {"acme": ["sso"]}}]},
            "security_restrictions: no organisation 'acme'",
        ),
        (
            {"orgs": [{"name": "acme", "security_restrictions": ["password"]}]},
            r"orgs\.acme\.security_restrictions: 'password' is none of mfa, token-policy",
        ),
        ({"orgs": [{"name": "acme", "groups": ["a", "a"]}]}, r"orgs\.acme\.groups: 'a' is there twice"),
        ({"orgs": [{"name": "acme", "groups": "vision"}]}, r"orgs\[0\]\.groups: must be a list"),
        (
            {"orgs": [{"name": "acme", "groups": [{"name": "a", "id": "b"}]}]},
            r"orgs\.acme\.groups\.a\.id: 'b' is no id; give 24 hex digits",
        ),
        (
            {"orgs": [{"name": "acme", "groups": [{"name": "a", "members": {"fake-user": "boss"}}]}]},
            r"groups\.a\.members\.fake-user: 'boss' is none of admin",
        ),
        (
            {
                "orgs": [
                    {
                        "name": "acme",
                        "members": {},
                        "groups": [{"name": "a", "members": {"fake-user": "read"}}],
                    }
                ]
            },
            "'fake-user' is no member of acme",
        ),
        (
            {"orgs": [{"name": "acme", "groups": [{"name": "a", "limit": -1}]}]},
            r"orgs\[0\]\.groups\[0\]\.limit: give dollars",
        ),
    ],
)
def test_what_cannot_be(words: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as refused:
        identity_from(words)
    assert "hf_secret" not in str(refused.value)


def test_it_goes_round_and_keeps_no_token() -> None:
    people = identity_from(
        {
            "users": ["ada", {"name": "bob", "email": "b@example.org", "is_pro": False}],
            "orgs": ["open", {"name": "acme", "plan": "team", "members": {"bob": "read"}}],
            "tokens": [
                {"token": "hf_secret", "user": "bob", "role": "read", "name": "ci"},
                {"token": "hf_two"},
            ],
        }
    )
    written = identity_to(people)
    assert identity_from(written) == people
    assert "hf_secret" not in str(written)
    assert people.tokens[0].digest == token_digest("hf_secret")
    assert people.tokens[1].user == "ada", "the first user, if nobody is named"
    assert isinstance(people.caller("hf_secret"), Caller)


def test_groups_and_permissions_go_round() -> None:
    words = {
        "orgs": [
            {
                "name": "acme",
                "members": {"fake-user": "read"},
                "groups": [
                    {"name": "vision", "id": "a" * 24, "members": {"fake-user": "write"}, "limit": 12.5}
                ],
                "security_restrictions": ["ip"],
            }
        ],
        "tokens": [
            {
                "digest": "d" * 64,
                "user": "fake-user",
                "role": "fineGrained",
                "name": "ci",
                "permissions": {"acme/vision": ["job.read"], "fake-user": []},
                "global_permissions": ["post.write"],
                "can_read_gated_repos": False,
                "expires": "2026-01-01T00:00:00.000Z",
                "security_restrictions": {"acme": ["sso", "mfa"]},
            }
        ],
    }
    people = identity_from(words)
    (vision,) = people.orgs[0].groups
    assert (vision.id, vision.limit) == ("a" * 24, 12_500_000)
    assert people.tokens[0].expires == 1_767_225_600_000
    written = identity_to(people)
    assert identity_from(written) == people
    assert json.loads(json.dumps(written))["orgs"] == words["orgs"]
    assert json.loads(json.dumps(written))["tokens"] == words["tokens"]


def test_a_group_stands_for_its_organisation() -> None:
    people = identity_from({"orgs": [{"name": "acme", "groups": ["vision"]}]})
    vision = people.orgs[0].groups[0]
    owner = people.owner(vision.id)
    assert owner is not None
    assert (owner.name, owner.type, owner.group) == ("acme", "org", vision)
    assert "acme/vision" not in people.namespaces()
