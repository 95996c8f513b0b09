"""Who and what in exchanges must not be seen, recognised by where it stands.

A name is one because of its place: who called (whoami), the owner, creator and initiator of a job, the namespace of a path. A secret is one
because it was given under ``secrets``, or as a variable with such a name, or as the token of a request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from fakejobs.contract.recording import Exchange, route_of
from fakejobs.wire.json_types import Json
from fakejobs.wire.redact import HIDDEN

SHORTEST_SECRET = 4
"""Values of secrets with at least this many characters are replaced wherever they stand; shorter ones where they were given."""

ID = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{24}(?![0-9a-fA-F])")
"""An id, of a job or of somebody."""

# What is only taken for a secret by its name, or is a part of one, may be a common word.
_SHORTEST_GUESS = 8
_ENTITIES = {"createdBy": "user", "user": "user", "namespace": None, "resourceGroup": "group"}
_NAMES = (("ownerName", "user"), ("orgName", "org"), ("organization", "org"))
_SECRET_VARIABLE = re.compile(
    r"TOKEN(?!S|IZ)|SECRET|PASSW|CREDENTIAL|API_?KEY|ACCESS_?KEY|(?:^|_)KEY$|PRIVATE|AUTH(?!OR)",
    re.IGNORECASE,
)
_FINGERPRINT = re.compile(r".+-([0-9a-f]{8})", re.DOTALL)


@dataclass
class Recognised:
    """What has been recognised so far.

    Attributes:
        tokens: what stands for a token in the header that carried it, by token.
        secrets: what stands for a secret wherever else it turns up, by secret.
        names: what sort of somebody it is (``user``, ``org``, ``group``; None: not known), by name in lower case.
        fullnames: the name, by full name in lower case, however it is spelled.
        emails: the name, by address in lower case.
        avatars: the name, by address of the picture.
        entity_ids: ids of people and organisations, in lower case.
        ids: all ids that were seen, in lower case.
        fingerprints: what stands for the end of a name that a client made of the command line (huggingface_hub does: ``python-3-12-1a2b3c4d``),
            by that end. Whoever guesses the command line could prove it with that.
    """

    tokens: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    names: dict[str, str | None] = field(default_factory=dict)
    fullnames: dict[str, str] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    avatars: dict[str, str] = field(default_factory=dict)
    entity_ids: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    fingerprints: dict[str, str] = field(default_factory=dict)

    def learn(self, exchange: Exchange) -> None:
        """Take note of everybody and everything in an exchange."""
        request = exchange.request
        if token := request.headers.get("authorization"):
            self._token(token)
        route = route_of(request.method, request.path)
        if route is not None and "namespace" in route[1]:
            self._name(route[1]["namespace"])
        for text in (request.path, *(each for pair in request.query for each in pair)):
            self._see_ids(text)
        for body in (request.body, exchange.response.body):
            if body is not None:
                self._value(body.value)
        for frame in exchange.response.frames or ():
            self._see_ids(frame.text)
            for line in frame.text.split("\n"):
                self._value(json_of(line))

    def _token(self, header: str) -> None:
        value = header.split(" ", 1)[-1].strip()
        self.tokens.setdefault(value, f"<token {len(self.tokens) + 1}>")
        if len(value) >= SHORTEST_SECRET:
            self.secrets.setdefault(value, HIDDEN)

    def _value(self, value: Json) -> None:
        if isinstance(value, str):
            self._see_ids(value)
        elif isinstance(value, list):
            for each in value:
                self._value(each)
        elif isinstance(value, dict):
            self._who(value)
            for key, each in value.items():
                self._see_ids(key)
                self._member(key, each)
                self._value(each)

    def _member(self, key: str, value: Json) -> None:
        if isinstance(value, dict):
            if key.lower() == "secrets":
                self._secrets(value, SHORTEST_SECRET)
            elif is_environment(key):
                guessed = {name: each for name, each in value.items() if is_secret_variable(name)}
                self._secrets(guessed, _SHORTEST_GUESS)
            elif key == "labels" and isinstance(name := value.get("name"), str):
                self._label(name)
            if key in _ENTITIES:
                self._entity(value, _ENTITIES[key])
        elif key == "resourceGroups" and isinstance(value, list):
            for group in value:
                if isinstance(group, dict):
                    self._entity(group, "group")
        elif key in ("resourceGroupId", "tokenId", "sub") and isinstance(value, str):
            self.entity_ids.add(value.lower())

    def _who(self, value: Mapping[str, Json]) -> None:
        """Learn from an object that is a user or an organisation, or names one."""
        kind = value.get("type")
        if kind in ("user", "org") and "name" in value:
            self._entity(value, str(kind))
        for key, what in _NAMES:
            if isinstance(name := value.get(key), str):
                self._name(name, what)

    def _entity(self, value: Mapping[str, Json], kind: str | None) -> None:
        name, fullname, email = value.get("name"), value.get("fullname"), value.get("email")
        for each in (value.get("id"), value.get("_id")):
            if isinstance(each, str):
                self.entity_ids.add(each.lower())
        if not isinstance(name, str) or not name:
            return
        self._name(name, kind)
        if isinstance(fullname, str) and fullname and fullname.lower() != name.lower():
            for spelled in _spellings(fullname):
                self.fullnames.setdefault(spelled.lower(), name.lower())
        if isinstance(email, str):
            self.emails.setdefault(email.lower(), name.lower())
        if isinstance(avatar := value.get("avatarUrl"), str) and avatar:
            self.avatars.setdefault(avatar, name.lower())

    def _name(self, name: str, kind: str | None = None) -> None:
        if name and self.names.get(name.lower()) is None:
            self.names[name.lower()] = kind

    def _secrets(self, values: Mapping[str, Json], shortest: int) -> None:
        for name, text in values.items():
            if not isinstance(text, str) or len(text) < shortest:
                continue
            # Logs have lines: of a secret with several, each turns up by itself.
            lines = [line for line in map(str.strip, text.splitlines()) if len(line) >= _SHORTEST_GUESS]
            for spelled in (each for whole in (text, *lines) for each in _spellings(whole)):
                self.secrets.setdefault(spelled, f"<secret {name}>")

    def _label(self, name: str) -> None:
        if match := _FINGERPRINT.fullmatch(name):
            self.fingerprints.setdefault(match[1], f"{len(self.fingerprints) + 1:08x}")

    def _see_ids(self, text: str) -> None:
        self.ids.update(each.lower() for each in ID.findall(text))


def is_environment(key: str) -> bool:
    """Whether variables of an environment stand under such a key."""
    return key.lower() in ("environment", "env")


def is_secret_variable(name: str) -> bool:
    """Whether a variable of such a name is taken for a secret."""
    return _SECRET_VARIABLE.search(name) is not None


def json_of(line: str) -> Json:
    """The JSON of a line of an event stream; None if it has none."""
    word, colon, rest = line.partition(":")
    text = rest.strip() if colon and word == "data" else ""
    if text[:1] not in ("{", "["):
        return None
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _spellings(text: str) -> list[str]:
    """A text, and how it is spelled in addresses, forms and JSON."""
    return list(dict.fromkeys((text, quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1])))
