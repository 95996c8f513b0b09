"""Who there is: users, organisations and tokens, and what each may do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256

from fakejobs.model.draws import entity_id
from fakejobs.model.refusal import Refusal
from fakejobs.model.units import did_you_mean, short

ORG_ROLES = ("admin", "write", "contributor", "read", "no_access")
ORG_PLANS = ("team", "enterprise", "plus", "academia")
TOKEN_ROLES = ("read", "write", "fineGrained")
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,95}")
_WRITERS = ("admin", "write", "contributor")


@dataclass(frozen=True)
class Owner:
    """Whoever owns a namespace, as ``owner`` of a job has it on the wire."""

    name: str
    type: str
    id: str
    avatar_url: str


@dataclass(frozen=True)
class Org:
    """An organisation.

    Attributes:
        name: its namespace.
        fullname: as shown to people; by default the name.
        plan: ``team``, ``enterprise``, ``plus``, ``academia``, or None.
        members: role by user name; a user who is not listed is no member. None: every user is an admin.
    """

    name: str
    fullname: str | None = None
    plan: str | None = None
    members: Mapping[str, str] | None = None

    def role_of(self, user: str) -> str | None:
        """The role of a user, or None if it is no member."""
        return "admin" if self.members is None else self.members.get(user)


@dataclass(frozen=True)
class User:
    """A user: ``name`` is its namespace."""

    name: str = "fake-user"
    fullname: str | None = None
    email: str | None = None
    is_pro: bool = True


@dataclass(frozen=True)
class Token:
    """An access token, of which only the digest is kept.

    Attributes:
        digest: SHA-256 of the token, in hex.
        user: whose it is.
        role: ``read``, ``write`` or ``fineGrained``.
        name: as shown in the settings.
    """

    digest: str
    user: str
    role: str = "write"
    name: str = "fakejobs"

    @classmethod
    def of(cls, value: str, user: str, role: str = "write", name: str = "fakejobs") -> Token:
        """The token with this value, which is not kept."""
        return cls(token_digest(value), user, role, name)


def token_digest(value: str) -> str:
    """The digest by which a token is recognised."""
    return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Caller:
    """Who is calling, and with which token."""

    user: User
    token: Token


@dataclass(frozen=True)
class Identity:
    """All users, organisations and tokens of a hub.

    The first user is the one that any token stands for while no tokens are configured.

    Raises:
        ValueError: a name twice, an unknown role, or a token of nobody.
    """

    users: tuple[User, ...] = (User(),)
    orgs: tuple[Org, ...] = ()
    tokens: tuple[Token, ...] = ()

    def __post_init__(self) -> None:
        if not self.users:
            raise ValueError("users: there must be one at least")
        names = self.namespaces()
        for name in names:
            if not _NAME.fullmatch(name) or name == "hardware":
                raise ValueError(
                    f"users and orgs: {short(name)} cannot be a namespace; it must match {_NAME.pattern}"
                )
            if names.count(name) > 1:
                raise ValueError(f"users and orgs: {short(name)} is there twice; they share their namespaces")
        known = [user.name for user in self.users]
        for org in self.orgs:
            if org.plan not in (None, *ORG_PLANS):
                raise ValueError(f"orgs.{org.name}.plan: {short(org.plan)} is none of {', '.join(ORG_PLANS)}")
            for member, role in (org.members or {}).items():
                if member not in known:
                    raise ValueError(
                        f"orgs.{org.name}.members: no user {short(member)}{did_you_mean(member, known)}"
                    )
                if role not in ORG_ROLES:
                    raise ValueError(
                        f"orgs.{org.name}.members.{member}: {short(role)} is none of {', '.join(ORG_ROLES)}"
                    )
        for token in self.tokens:
            if token.user not in known:
                raise ValueError(f"tokens: no user {short(token.user)}{did_you_mean(token.user, known)}")
            if token.role not in TOKEN_ROLES:
                raise ValueError(f"tokens: {short(token.role)} is none of {', '.join(TOKEN_ROLES)}")

    def caller(self, bearer: str | None) -> Caller:
        """Who calls with this token.

        Raises:
            Refusal: 401, without a token or with one that is not known.
        """
        if not bearer:
            raise Refusal(
                401,
                "Invalid username or password.",
                hint="send a token, whichever you like: Authorization: Bearer any",
            )
        digest = token_digest(bearer)
        if not self.tokens:
            return Caller(self.users[0], Token(digest, self.users[0].name))
        for token in self.tokens:
            if token.digest == digest:
                return Caller(next(user for user in self.users if user.name == token.user), token)
        raise Refusal(
            401,
            "Invalid credentials in Authorization header",
            hint="this token is not among the configured ones",
        )

    def owner(self, namespace: str) -> Owner | None:
        """The owner of a namespace, or None if there is none of that name."""
        for user in self.users:
            if user.name == namespace:
                return _owner(namespace, "user")
        for org in self.orgs:
            if org.name == namespace:
                return _owner(namespace, "org")
        return None

    def may(self, caller: Caller, namespace: str, permission: str) -> bool:
        """Whether the caller may ``read`` or ``write`` the jobs of a namespace that exists."""
        if permission == "write" and caller.token.role == "read":
            return False
        if caller.user.name == namespace:
            return True
        for org in self.orgs:
            if org.name == namespace:
                role = org.role_of(caller.user.name)
                return role in _WRITERS if permission == "write" else role in (*_WRITERS, "read")
        return False

    def namespaces(self) -> list[str]:
        """All names that may stand for ``{namespace}``."""
        return [user.name for user in self.users] + [org.name for org in self.orgs]


@cache
def _owner(name: str, kind: str) -> Owner:
    return Owner(name, kind, entity_id(kind, name), avatar_url(name))


def avatar_url(name: str) -> str:
    """The address of an avatar, of the form that the Hub gives to those who have not uploaded one."""
    return f"https://huggingface.co/avatars/{sha256(name.encode()).hexdigest()[:32]}.svg"


def identity_from(values: Mapping[str, object]) -> Identity:
    """Read ``users``, ``orgs`` and ``tokens`` as a scenario file has them.

    ``users``: names or tables (``name``, ``fullname``, ``email``, ``is_pro``); ``orgs``: names or tables (``name``, ``fullname``,
    ``plan``, ``members`` = role by user name); ``tokens``: tables (``token`` or ``digest``, ``user``, ``role``, ``name``).

    Raises:
        ValueError: an unknown word or an impossible value; the message names it, and never a token.
    """
    users = tuple(
        User(**_table(each, f"users[{index}]", {"name": str, "fullname": str, "email": str, "is_pro": bool}))  # type: ignore[arg-type]
        for index, each in enumerate(_tables(values.get("users", [{"name": User.name}]), "users"))
    )
    orgs = tuple(
        Org(**_table(each, f"orgs[{index}]", {"name": str, "fullname": str, "plan": str, "members": Mapping}))  # type: ignore[arg-type]
        for index, each in enumerate(_tables(values.get("orgs", []), "orgs"))
    )
    tokens = []
    for index, each in enumerate(_tables(values.get("tokens", []), "tokens")):
        where = f"tokens[{index}]"
        words = _table(each, where, {"token": str, "digest": str, "user": str, "role": str, "name": str}, ())
        value = words.pop("token", None)
        if value:
            words["digest"] = token_digest(str(value))
        if "digest" not in words:
            raise ValueError(f"{where}: `token` is missing")
        words.setdefault("user", users[0].name if users else "")
        tokens.append(Token(**words))  # type: ignore[arg-type]
    return Identity(users, orgs, tuple(tokens))


def identity_to(identity: Identity) -> dict[str, object]:
    """The identity as `identity_from` reads it; of tokens, digests only."""
    return {
        "users": [_without_none(asdict(user)) for user in identity.users],
        "orgs": [_without_none(asdict(org)) for org in identity.orgs],
        "tokens": [asdict(token) for token in identity.tokens],
    }


def _without_none(values: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _tables(value: object, where: str) -> list[Mapping[str, object]]:
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
        raise ValueError(f"{where}: give a list")
    return [{"name": each} if isinstance(each, str) and where != "tokens" else each for each in value]


def _table(
    value: object, where: str, types: Mapping[str, type], required: tuple[str, ...] = ("name",)
) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where}: give a table with {', '.join(types)}")
    for key, each in value.items():
        if key not in types:
            raise ValueError(f"{where}.{key}: unknown word{did_you_mean(str(key), types)}")
        if not isinstance(each, types[key]):
            raise ValueError(f"{where}.{key}: must be a {types[key].__name__.lower()}")
    for key in required:
        if not value.get(key):
            raise ValueError(f"{where}: `{key}` is missing")
    return dict(value)
