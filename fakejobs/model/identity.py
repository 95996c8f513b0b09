"""Who there is: users, organisations and tokens, and what each may do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256

from fakejobs.model.draws import entity_id
from fakejobs.model.refusal import Refusal
from fakejobs.model.units import did_you_mean, short

ORG_ROLES = ("admin", "write", "contributor", "read", "no_access")
ORG_PLANS = ("team", "enterprise", "plus", "academia")
TOKEN_ROLES = ("read", "write", "fineGrained")
JOB_PERMISSIONS = ("job.read", "job.write")
GLOBAL_PERMISSIONS = ("discussion.write", "post.write")
RESTRICTIONS = ("mfa", "token-policy", "token-revoked", "sso", "ip")
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,95}")
_GROUP_ID = re.compile(r"[0-9a-f]{24}")
_PERMISSION = re.compile(r"[a-z][a-zA-Z]*(\.[a-zA-Z]+)+")
_WRITERS = ("admin", "write", "contributor")
_READERS = (*_WRITERS, "read")


@dataclass(frozen=True)
class Owner:
    """Whoever owns a namespace, as ``owner`` of a job has it on the wire.

    Attributes:
        name: its name: that of the namespace, or, if a resource group was named by its id, of the organisation that has it.
        type: ``user`` or ``org``.
        id: 24 hex digits.
        avatar_url: the address of a picture.
        group: the resource group that was named instead of the organisation, or None.
    """

    name: str
    type: str
    id: str
    avatar_url: str
    group: ResourceGroup | None = None


@dataclass(frozen=True)
class ResourceGroup:
    """A resource group of an organisation. Its id may stand for ``{namespace}`` (Hub documentation, "Pricing and Billing" of Jobs).

    Attributes:
        id: 24 hex digits.
        name: as shown to people; unique within its organisation.
        members: role by user name; a user who is not listed has none, unless it is an admin of the organisation. None: everybody
            has the role that it has in the organisation.
        limit: what its jobs may cost, in millionths of a dollar; None: as much as they like.
    """

    id: str
    name: str
    members: Mapping[str, str] | None = None
    limit: int | None = None


@dataclass(frozen=True)
class Org:
    """An organisation.

    Attributes:
        name: its namespace.
        fullname: as shown to people; by default the name.
        plan: ``team``, ``enterprise``, ``plus``, ``academia``, or None.
        members: role by user name; a user who is not listed is no member. None: every user is an admin.
        groups: its resource groups. While it has none, a job may name whichever it likes.
        security_restrictions: what keeps everybody from its data (``mfa``, ``token-policy``, ``token-revoked``, ``sso``, ``ip``).
    """

    name: str
    fullname: str | None = None
    plan: str | None = None
    members: Mapping[str, str] | None = None
    groups: tuple[ResourceGroup, ...] = ()
    security_restrictions: tuple[str, ...] = ()

    def role_of(self, user: str, group: ResourceGroup | None = None) -> str | None:
        """The role of a user, in a resource group if one is given, or None if it is no member.

        An admin of the organisation is one of every group (Hub documentation, "Resource Groups").
        """
        role = "admin" if self.members is None else self.members.get(user)
        if group is None or group.members is None or role in (None, "admin"):
            return role
        return group.members.get(user)

    def group(self, group_id: str) -> ResourceGroup | None:
        """Its resource group with this id, or None."""
        return next((each for each in self.groups if each.id == group_id.lower()), None)


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
        permissions: of a fine-grained token: what it may do, by the name of a user or an organisation, or by
            ``organisation/group``: ``{"ada": ("job.read", "job.write")}``. It never may more than its user. None: all that its user may.
        global_permissions: of a fine-grained token: what it may do everywhere; no matter to Jobs, and shown by whoami-v2.
        can_read_gated_repos: likewise.
        expires: the instant from which it is refused, in milliseconds; None: it never is.
        security_restrictions: what keeps it from the data of organisations, by their name, as `Org.security_restrictions`.
    """

    digest: str
    user: str
    role: str = "write"
    name: str = "fakejobs"
    permissions: Mapping[str, tuple[str, ...]] | None = None
    global_permissions: tuple[str, ...] = ()
    can_read_gated_repos: bool | None = None
    expires: int | None = None
    security_restrictions: Mapping[str, tuple[str, ...]] | None = None

    @classmethod
    def of(
        cls,
        value: str,
        user: str,
        role: str = "write",
        name: str = "fakejobs",
        *,
        permissions: Mapping[str, tuple[str, ...]] | None = None,
        expires: int | None = None,
    ) -> Token:
        """The token with this value, which is not kept."""
        return cls(token_digest(value), user, role, name, permissions=permissions, expires=expires)

    def permits(self, permission: str, *places: str, write_reads: bool = True) -> bool:
        """Whether it has ``read`` or ``write`` of jobs in one of these places, whatever its user may.

        Args:
            write_reads: whether ``job.write`` is enough to read.
        """
        if self.role == "read" and permission == "write":
            return False
        if self.permissions is None:
            return True
        enough = JOB_PERMISSIONS if permission == "read" and write_reads else (f"job.{permission}",)
        return any(each in enough for place in places for each in self.permissions.get(place, ()))


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
        _check_groups(self.orgs)
        for org in self.orgs:
            _check_each(f"orgs.{org.name}.security_restrictions", org.security_restrictions, RESTRICTIONS)
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
            _check_token(token, names, self.orgs)

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
            if org.groups and (group := org.group(namespace)) is not None:
                return replace(_owner(org.name, "org"), group=group)
        return None

    def org(self, name: str) -> Org | None:
        """The organisation of this name, or None."""
        return next((org for org in self.orgs if org.name == name), None)

    def may(
        self,
        caller: Caller,
        namespace: str,
        permission: str,
        *,
        group: ResourceGroup | None = None,
        write_reads: bool = True,
    ) -> bool:
        """Whether the caller may ``read`` or ``write`` the jobs of a namespace that exists, those in no resource group.

        Args:
            caller: who.
            namespace: the name of a user or an organisation.
            permission: ``read`` or ``write``.
            group: instead, the jobs in this resource group of the organisation.
            write_reads: whether a fine-grained token with ``job.write`` may read.
        """
        token = caller.token
        if caller.user.name == namespace:
            return token.permits(permission, namespace, write_reads=write_reads)
        org = self.org(namespace)
        if org is None or restrictions_of(org, token):
            return False
        places = (namespace,) if group is None else (namespace, f"{namespace}/{group.name}")
        role = org.role_of(caller.user.name, group)
        return role in (_WRITERS if permission == "write" else _READERS) and token.permits(
            permission, *places, write_reads=write_reads
        )

    def groups_of(
        self, caller: Caller, namespace: str, permission: str, *, write_reads: bool = True
    ) -> frozenset[str | None] | None:
        """In which resource groups (by id) of a namespace the caller has the permission; None among them: in no group.

        Instead of all of them, None: so it is for users, and for organisations without groups where the caller has it.
        """
        org = self.org(namespace)
        if org is None or not org.groups:
            allowed_everywhere = self.may(caller, namespace, permission, write_reads=write_reads)
            return None if allowed_everywhere else frozenset()
        groups: tuple[ResourceGroup | None, ...] = (None, *org.groups)
        allowed = [
            group
            for group in groups
            if self.may(caller, namespace, permission, group=group, write_reads=write_reads)
        ]
        if len(allowed) == len(groups):
            return None
        return frozenset(None if group is None else group.id for group in allowed)

    def namespaces(self) -> list[str]:
        """All names that may stand for ``{namespace}``."""
        return [user.name for user in self.users] + [org.name for org in self.orgs]


def restrictions_of(org: Org, token: Token) -> tuple[str, ...]:
    """What keeps a token from the data of an organisation; nothing, most of the time."""
    own = (token.security_restrictions or {}).get(org.name, ())
    return (*org.security_restrictions, *(each for each in own if each not in org.security_restrictions))


def _check_groups(orgs: Sequence[Org]) -> None:
    ids = [group.id for org in orgs for group in org.groups]
    for org in orgs:
        names = [group.name for group in org.groups]
        for group in org.groups:
            where = f"orgs.{org.name}.groups.{group.name}"
            if names.count(group.name) > 1:
                raise ValueError(f"orgs.{org.name}.groups: {short(group.name)} is there twice")
            if not _GROUP_ID.fullmatch(group.id):
                raise ValueError(
                    f"{where}.id: {short(group.id)} is no id; give 24 hex digits, or leave it out"
                )
            if ids.count(group.id) > 1:
                raise ValueError(f"{where}.id: {group.id} is there twice")
            if group.limit is not None and group.limit < 0:
                raise ValueError(f"{where}.limit: give dollars, 0 or more")
            for member, role in (group.members or {}).items():
                if org.members is not None and member not in org.members:
                    raise ValueError(
                        f"{where}.members: {short(member)} is no member of {org.name}{did_you_mean(member, org.members)}"
                    )
                if role not in ORG_ROLES:
                    raise ValueError(
                        f"{where}.members.{member}: {short(role)} is none of {', '.join(ORG_ROLES)}"
                    )


def _check_token(token: Token, namespaces: Sequence[str], orgs: Sequence[Org]) -> None:
    where = f"tokens.{token.name}"
    if token.role != "fineGrained" and (token.permissions is not None or token.global_permissions):
        raise ValueError(f"{where}: only a token whose role is fineGrained has permissions of its own")
    places = [*namespaces, *(f"{org.name}/{group.name}" for org in orgs for group in org.groups)]
    for place, permissions in (token.permissions or {}).items():
        if place not in places:
            raise ValueError(f"{where}.permissions: there is no {short(place)}{did_you_mean(place, places)}")
        for each in permissions:
            if not _PERMISSION.fullmatch(each) or (each.startswith("job") and each not in JOB_PERMISSIONS):
                raise ValueError(
                    f"{where}.permissions.{place}: {short(each)} is no permission{did_you_mean(each, JOB_PERMISSIONS)}"
                )
    _check_each(f"{where}.global_permissions", token.global_permissions, GLOBAL_PERMISSIONS)
    names = [org.name for org in orgs]
    for name, restrictions in (token.security_restrictions or {}).items():
        if name not in names:
            raise ValueError(
                f"{where}.security_restrictions: no organisation {short(name)}{did_you_mean(name, names)}"
            )
        _check_each(f"{where}.security_restrictions.{name}", restrictions, RESTRICTIONS)


def _check_each(where: str, values: Sequence[str], known: Sequence[str]) -> None:
    for each in values:
        if each not in known:
            raise ValueError(f"{where}: {short(each)} is none of {', '.join(known)}")


@cache
def _owner(name: str, kind: str) -> Owner:
    return Owner(name, kind, entity_id(kind, name), avatar_url(name))


def avatar_url(name: str) -> str:
    """The address of an avatar, of the form that the Hub gives to those who have not uploaded one."""
    return f"https://huggingface.co/avatars/{sha256(name.encode()).hexdigest()[:32]}.svg"
