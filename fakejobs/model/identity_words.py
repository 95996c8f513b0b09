"""Users, organisations and tokens in the words of a scenario file, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from fakejobs.model.draws import entity_id
from fakejobs.model.identity import Identity, Org, ResourceGroup, Token, User, token_digest
from fakejobs.model.times import from_iso, to_iso
from fakejobs.model.units import did_you_mean


def identity_from(values: Mapping[str, object]) -> Identity:
    """Read ``users``, ``orgs`` and ``tokens`` as a scenario file has them.

    - ``users``: names, or tables (``name``, ``fullname``, ``email``, ``is_pro``);
    - ``orgs``: names, or tables (``name``, ``fullname``, ``plan``, ``members`` = role by user name, ``security_restrictions``, and
      ``groups`` = names or tables with ``name``, ``id``, ``members``, ``limit`` in dollars);
    - ``tokens``: tables (``token`` or ``digest``, ``user``, ``role``, ``name``, ``permissions`` = lists by namespace,
      ``global_permissions``, ``can_read_gated_repos``, ``expires`` = an instant in UTC, ``security_restrictions`` = lists by organisation).

    Raises:
        ValueError: an unknown word or an impossible value; the message names it, and never a token.
    """
    users = tuple(
        User(**_table(each, f"users[{index}]", {"name": str, "fullname": str, "email": str, "is_pro": bool}))  # type: ignore[arg-type]  # the words were checked
        for index, each in enumerate(_tables(values.get("users", [{"name": User.name}]), "users"))
    )
    orgs = tuple(
        _org_from(each, f"orgs[{index}]")
        for index, each in enumerate(_tables(values.get("orgs", []), "orgs"))
    )
    tokens = tuple(
        _token_from(each, f"tokens[{index}]", users[0].name if users else "")
        for index, each in enumerate(_tables(values.get("tokens", []), "tokens"))
    )
    return Identity(users, orgs, tokens)


_ORG_WORDS: Mapping[str, type] = {
    "name": str, "fullname": str, "plan": str, "members": Mapping, "groups": Sequence, "security_restrictions": Sequence,
}  # fmt: skip
_GROUP_WORDS: Mapping[str, type] = {"name": str, "id": str, "members": Mapping, "limit": float}
_TOKEN_WORDS: Mapping[str, type] = {
    "token": str, "digest": str, "user": str, "role": str, "name": str, "permissions": Mapping,
    "global_permissions": Sequence, "can_read_gated_repos": bool, "expires": str, "security_restrictions": Mapping,
}  # fmt: skip


def _org_from(value: object, where: str) -> Org:
    words = _table(value, where, _ORG_WORDS)
    if "security_restrictions" in words:
        words["security_restrictions"] = _names(
            words["security_restrictions"], f"{where}.security_restrictions"
        )
    groups = []
    for index, each in enumerate(_tables(words.pop("groups", []), f"{where}.groups")):
        group = _table(each, f"{where}.groups[{index}]", _GROUP_WORDS)
        group.setdefault("id", entity_id("resource-group", f"{words['name']}/{group['name']}"))
        if isinstance(dollars := group.get("limit"), (int, float)):
            if not 0 <= dollars <= 1e9:
                raise ValueError(f"{where}.groups[{index}].limit: give dollars, from 0 to 1000000000")
            group["limit"] = round(dollars * 1_000_000)
        groups.append(ResourceGroup(**group))  # type: ignore[arg-type]  # the words were checked
    return Org(**words, groups=tuple(groups))  # type: ignore[arg-type]  # the words were checked


def _token_from(value: object, where: str, first_user: str) -> Token:
    words = _table(value, where, _TOKEN_WORDS, ())
    plain = words.pop("token", None)
    if plain:
        words["digest"] = token_digest(str(plain))
    if "digest" not in words:
        raise ValueError(f"{where}: `token` is missing")
    words.setdefault("user", first_user)
    for word in ("permissions", "security_restrictions"):
        if isinstance(table := words.get(word), Mapping):
            words[word] = {name: _names(each, f"{where}.{word}.{name}") for name, each in table.items()}
    if "global_permissions" in words:
        words["global_permissions"] = _names(words["global_permissions"], f"{where}.global_permissions")
    if "permissions" in words:
        words.setdefault("role", "fineGrained")
    if isinstance(expires := words.get("expires"), str):
        try:
            words["expires"] = from_iso(expires)
        except ValueError as error:
            raise ValueError(f"{where}.expires: {error}") from None
    return Token(**words)  # type: ignore[arg-type]  # the words were checked


def _names(value: object, where: str) -> tuple[str, ...]:
    if (
        isinstance(value, str)
        or not isinstance(value, Sequence)
        or not all(isinstance(e, str) for e in value)
    ):
        raise ValueError(f"{where}: give a list of names")
    return tuple(value)


def identity_to(identity: Identity) -> dict[str, object]:
    """The identity as `identity_from` reads it; of tokens, digests only."""
    return {
        "users": [_without_none(asdict(user)) for user in identity.users],
        "orgs": [_org_to(org) for org in identity.orgs],
        "tokens": [_token_to(token) for token in identity.tokens],
    }


def _org_to(org: Org) -> dict[str, object]:
    words = _without_none(vars(org))
    words["groups"] = [
        _without_none({**vars(group), "limit": None if group.limit is None else group.limit / 1_000_000})
        for group in org.groups
    ]
    return {word: value for word, value in words.items() if value not in ((), [])}


def _token_to(token: Token) -> dict[str, object]:
    words = _without_none(vars(token))
    if token.expires is not None:
        words["expires"] = to_iso(token.expires)
    return {word: value for word, value in words.items() if value != ()}


def _without_none(values: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _tables(value: object, where: str) -> list[Mapping[str, object]]:
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
        raise ValueError(f"{where}: give a list")
    return [{"name": each} if isinstance(each, str) and where != "tokens" else each for each in value]


_KINDS: Mapping[type, str] = {float: "number", Mapping: "table", Sequence: "list"}


def _table(
    value: object, where: str, types: Mapping[str, type], required: tuple[str, ...] = ("name",)
) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where}: give a table with {', '.join(types)}")
    for key, each in value.items():
        if key not in types:
            raise ValueError(f"{where}.{key}: unknown word{did_you_mean(str(key), types)}")
        if not _is_a(each, types[key]):
            raise ValueError(f"{where}.{key}: must be a {_KINDS.get(types[key], types[key].__name__)}")
    for key in required:
        if not value.get(key):
            raise ValueError(f"{where}: `{key}` is missing")
    return dict(value)


def _is_a(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, kind) and not (kind is Sequence and isinstance(value, str))
