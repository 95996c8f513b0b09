"""Taking people, tokens and secrets out of recordings: equal originals get equal replacements, in all files of a directory.

What a name is follows from where it stands: who called (whoami), the owner, creator and initiator of a job, the namespace of a path.
Once known, it is replaced wherever it stands as a word: in paths, texts, lines of logs.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import parse_qsl, quote, unquote, urlencode

from fakejobs.contract.recording import (
    KEPT_OF_REQUEST,
    KEPT_OF_RESPONSE,
    PLACEHOLDER,
    Body,
    Exchange,
    Frame,
    Request,
    Response,
    route_of,
)
from fakejobs.wire.json_types import Json
from fakejobs.wire.pieces import PIECES
from fakejobs.wire.redact import HIDDEN, redact, redact_text

SHORTEST_SECRET = 4
"""Values of secrets with at least this many characters are replaced wherever they stand; shorter ones where they were given."""

_SECRET_VARIABLE = re.compile(
    r"TOKEN(?!S|IZ)|SECRET|PASSW|CREDENTIAL|API_?KEY|ACCESS_?KEY|(?:^|_)KEY$|PRIVATE|AUTH(?!OR)",
    re.IGNORECASE,
)
"""Variables of the environment with such names are taken for secrets."""

# Tokens of others, by their look: AWS, GitHub, GitLab, OpenAI and kin, Slack, Google, PyPI, JSON web tokens, passwords in addresses.
_OTHER_TOKENS = re.compile(
    r"\b(?:A[KS]IA[0-9A-Z]{16}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|sk-[\w-]{16,}|xox[a-z]-[\w-]{10,}"
    r"|AIza[\w-]{30,}|pypi-[\w-]{16,}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*)|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
_REQUEST_ID = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}")
_NO_REQUEST_ID = "Root=1-00000000-000000000000000000000000"
_ID = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{24}(?![0-9a-fA-F])")
_REST = (
    rf"(?P<request>{_REQUEST_ID.pattern})"
    r"|(?P<email>(?<![A-Za-z0-9._%+/-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})"
    r"|(?P<id>(?<![0-9a-fA-F])[0-9a-fA-F]{24}(?![0-9a-fA-F]))"
    r"|(?P<v4>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w))"
    r"|(?P<v6>(?<![\w:.])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:.]))"
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{32,}={0,2}")
_JSON_STYLES = [((",", ":"), True), ((",", ":"), False), ((", ", ": "), True), ((", ", ": "), False)]
_KINDS = ("user", "org", "group")
_ENTITIES = {"createdBy": "user", "user": "user", "namespace": None, "resourceGroup": "group"}
_GUESSED_SECRET = 8


def anonymous(exchanges: Sequence[Exchange], places: Iterable[str] = ()) -> list[Exchange]:
    """The exchanges without people, tokens and secrets.

    Args:
        exchanges: all of a recording, in order; what one of them teaches is replaced in all.
        places: addresses of the server that was recorded, which become `PLACEHOLDER`.
    """
    anonymiser = Anonymiser(places)
    for exchange in exchanges:
        anonymiser.learn(exchange)
    return [anonymiser.exchange(each) for each in exchanges]


class Anonymiser:
    """Learns who and what is in exchanges, and makes copies without it.

    Args:
        places: addresses of the server that was recorded, which become `PLACEHOLDER`.
    """

    def __init__(self, places: Iterable[str] = ()) -> None:
        self._places = {place.rstrip("/"): PLACEHOLDER for place in places}
        self._literals: dict[str, str] = {}  # secrets, and what else is replaced even inside of words
        self._tokens: dict[str, str] = {}
        self._names: dict[str, str | None] = {}  # kind, by name in lower case
        self._fullnames: dict[str, str] = {}  # name, by full name
        self._emails: dict[str, str] = {}  # name, by address
        self._avatars: dict[str, str] = {}  # name, by address
        self._entity_ids: set[str] = set()
        self._seen_ids: set[str] = set()
        self._ids: dict[str, str] = {}
        self._numbers: dict[str, dict[str, str]] = {"email": {}, "v4": {}, "v6": {}, "cursor": {}}
        self._literal_pattern: re.Pattern[str] | None = None
        self._rest_pattern: re.Pattern[str] | None = None
        self._replacements: dict[str, str] | None = None

    # What there is

    def learn(self, exchange: Exchange) -> None:
        """Take note of everybody and everything in an exchange that must not be seen."""
        self._literal_pattern = self._rest_pattern = self._replacements = None
        request = exchange.request
        if token := request.headers.get("authorization"):
            self._learn_token(token)
        route = route_of(request.method, request.path)
        if route is not None and "namespace" in route[1]:
            self._name(route[1]["namespace"])
        for text in (request.path, *(each for pair in request.query for each in pair)):
            self._see_ids(text)
        values = [body.value for body in (request.body, exchange.response.body) if body is not None]
        for frame in exchange.response.frames or ():
            values += [value for value in map(_parsed, frame.text.split("\n")) if value is not None]
            self._see_ids(frame.text)
        for value in values:
            self._learn_value(value)

    def _learn_token(self, header: str) -> None:
        value = header.split(" ", 1)[-1].strip()
        self._tokens.setdefault(value, f"<token {len(self._tokens) + 1}>")
        if len(value) >= SHORTEST_SECRET:
            self._literals.setdefault(value, HIDDEN)

    def _learn_value(self, value: Json) -> None:
        if isinstance(value, str):
            self._see_ids(value)
        elif isinstance(value, list):
            for each in value:
                self._learn_value(each)
        elif isinstance(value, dict):
            self._learn_who(value)
            for key, each in value.items():
                self._see_ids(key)
                if isinstance(each, dict):
                    self._learn_secrets(key, each)
                    if key in _ENTITIES:
                        self._entity(each, _ENTITIES[key])
                elif key == "resourceGroups" and isinstance(each, list):
                    for group in each:
                        if isinstance(group, dict):
                            self._entity(group, "group")
                elif key in ("resourceGroupId", "tokenId") and isinstance(each, str):
                    self._entity_ids.add(each.lower())
                self._learn_value(each)

    def _learn_who(self, value: Mapping[str, Json]) -> None:
        """Learn from an object that is a user or an organisation, or names one."""
        kind = value.get("type")
        if kind in ("user", "org") and "name" in value:
            self._entity(value, str(kind))
        for key, what in (("ownerName", "user"), ("orgName", "org")):
            if isinstance(name := value.get(key), str):
                self._name(name, what)
        if isinstance(sub := value.get("sub"), str):
            self._entity_ids.add(sub.lower())

    def _entity(self, value: Mapping[str, Json], kind: str | None) -> None:
        name, fullname, email = value.get("name"), value.get("fullname"), value.get("email")
        for each in (value.get("id"), value.get("_id")):
            if isinstance(each, str):
                self._entity_ids.add(each.lower())
        if not isinstance(name, str) or not name:
            return
        self._name(name, kind)
        if isinstance(fullname, str) and fullname and fullname.lower() != name.lower():
            self._fullnames.setdefault(fullname, name.lower())
        if isinstance(email, str):
            self._emails.setdefault(email.lower(), name.lower())
        if isinstance(avatar := value.get("avatarUrl"), str):
            self._avatars.setdefault(avatar, name.lower())

    def _name(self, name: str, kind: str | None = None) -> None:
        if name and self._names.get(name.lower()) is None:
            self._names[name.lower()] = kind

    def _learn_secrets(self, key: str, value: Mapping[str, Json]) -> None:
        is_environment = key.lower() in ("environment", "env")
        if key.lower() != "secrets" and not is_environment:
            return
        for name, text in value.items():
            # What is only taken for a secret by its name may be a common word.
            shortest = _GUESSED_SECRET if is_environment else SHORTEST_SECRET
            if not isinstance(text, str) or len(text) < shortest:
                continue
            if not is_environment or _SECRET_VARIABLE.search(name):
                for each in (text, quote(text, safe=""), json.dumps(text)[1:-1]):
                    self._literals.setdefault(each, f"<secret {name}>")

    def _see_ids(self, text: str) -> None:
        self._seen_ids.update(each.lower() for each in _ID.findall(text))

    # What becomes of it

    def exchange(self, exchange: Exchange) -> Exchange:
        """A copy without anything that was learned, or looks like a token, an email or an address of a machine."""
        request, response = exchange.request, exchange.response
        headers = {
            name: self._header(name, request.headers[name])
            for name in KEPT_OF_REQUEST
            if name in request.headers
        }
        answered = {
            name: self._header(name, response.headers[name])
            for name in KEPT_OF_RESPONSE
            if name in response.headers
        }
        return Exchange(
            Request(
                method=request.method,
                path=self.path(request.path, request.method),
                query=tuple((self.text(key), self._query_value(key, text)) for key, text in request.query),
                headers=headers,
                body=self._body(request.body),
            ),
            Response(
                status=response.status,
                headers=answered,
                body=self._body(response.body),
                frames=None
                if response.frames is None
                else tuple(Frame(frame.at, self._frame(frame.text)) for frame in response.frames),
                truncated=response.truncated,
                cut=response.cut,
                failed=None if response.failed is None else self.text(response.failed),
            ),
        )

    def path(self, path: str, method: str = "GET") -> str:
        """A path: fixed words of routes stay, whatever somebody is called."""
        found = route_of(method, path)
        if found is not None:
            fixed = [not part.startswith("{") for part in found[0].path.split("/")]
        else:
            fixed = [path.startswith("/api/") and index < 3 for index in range(path.count("/") + 1)]
        return "/".join(
            part if keep else quote(self.text(unquote(part)), safe="@:!$&'()*+,;=~<> ").replace(" ", "%20")
            for part, keep in zip(path.split("/"), fixed, strict=True)
        )

    def text(self, text: str) -> str:
        """A text without what is known, and what looks like what must not be seen."""
        pattern = self._literal_pattern
        if pattern is None:
            known = [*self._places, *self._literals, *self._avatars]
            alternatives = [
                re.escape(each) + (r"(?!\d)" if each in self._places else "")
                for each in sorted(filter(None, known), key=lambda each: (-len(each), each))
            ]
            pattern = self._literal_pattern = re.compile("|".join(alternatives) or r"(?!)")
        parts, begin = [], 0
        for match in pattern.finditer(text):
            parts += [self._unknown(text[begin : match.start()]), self._literal(match[0])]
            begin = match.end()
        parts.append(self._unknown(text[begin:]))
        return "".join(parts)

    def _literal(self, literal: str) -> str:
        if literal in self._places:
            return self._places[literal]
        if literal in self._literals:
            secret = self._literals[literal]
            return f"<secret {self._key(secret[8:-1])}>" if secret.startswith("<secret ") else secret
        return f"{PLACEHOLDER}/avatars/{self.name(self._avatars[literal])}.svg"

    def _unknown(self, text: str) -> str:
        if not text:
            return text
        text = _OTHER_TOKENS.sub(HIDDEN, redact_text(text))
        text = _BASE64.sub(lambda match: self._base64(match[0]), text)
        pattern = self._rest_pattern
        if pattern is None:
            words = sorted({*self._names, *self._fullnames}, key=lambda each: (-len(each), each))
            names = "|".join(map(re.escape, words)) or r"(?!)"
            pattern = self._rest_pattern = re.compile(
                rf"{_REST}|(?<![^\W_])(?P<name>(?i:{names}))(?![^\W_])", re.ASCII
            )
        return pattern.sub(self._replacement, text)

    def _replacement(self, match: re.Match[str]) -> str:
        kind, found = str(match.lastgroup), match[0]
        if kind == "request":
            return _NO_REQUEST_ID
        if kind == "name":
            return self.name(found)
        if kind == "id":
            return self._id(found)
        if kind == "email":
            owner = self._emails.get(found.lower())
            return f"{self.name(owner)}@example.com" if owner else self._numbered("email", found.lower())
        try:
            address = ip_address(found)
        except ValueError:
            return found
        # 127.0.0.1, 0.0.0.0 and :: are nobody's.
        return (
            found
            if address.is_loopback or address.is_unspecified
            else self._numbered(kind, address.compressed)
        )

    def _numbered(self, kind: str, original: str) -> str:
        known = self._numbers[kind]
        if original not in known:
            number = len(known) + 1
            if kind == "v4":  # the nets that are for documentation
                known[original] = str(IPv4Address(int(IPv4Address("192.0.2.0")) + number))
            elif kind == "v6":
                known[original] = str(IPv6Address(int(IPv6Address("2001:db8::")) + number))
            else:
                known[original] = f"email-{number}@example.com" if kind == "email" else f"cursor-{number}"
        return known[original]

    def name(self, name: str) -> str:
        """What stands for a user, an organisation or a group: ``user-1``; for a full name, ``User 1``."""
        if self._replacements is None:
            self._replacements = dict(self._make_replacements())
        lowered = name.lower()
        if lowered in self._names:
            return self._replacements[lowered]
        owners = {full.lower(): owner for full, owner in self._fullnames.items()}
        return self._replacements[owners[lowered]].replace("-", " ").capitalize()

    def _make_replacements(self) -> Iterator[tuple[str, str]]:
        numbers = dict.fromkeys(_KINDS, 0)
        for name, kind in self._names.items():
            kind = kind or "user"
            numbers[kind] += 1
            # Somebody may really be called so.
            while f"{kind}-{numbers[kind]}" in self._names:
                numbers[kind] += 1
            yield name, f"{kind}-{numbers[kind]}"

    def _id(self, original: str) -> str:
        key = original.lower()
        if key not in self._ids:
            is_entity = key in self._entity_ids
            # The first 8 digits of a job's id are its second of creation, and that is in the file anyway.
            prefix, digits = ("", 24) if is_entity else (key[:8], 16)
            number = len(self._ids) + 1
            while (made := f"{prefix}{number:0{digits}x}") in self._seen_ids or made in self._ids.values():
                number += 1
            self._ids[key] = made
        return self._ids[key]

    def _base64(self, encoded: str) -> str:
        """Scripts travel as base64 (``hf jobs uv run``), and may name anybody."""
        try:
            text = b64decode(encoded, validate=True).decode()
        except (Error, ValueError):
            return encoded
        changed = self.text(text)
        return encoded if changed == text else b64encode(changed.encode()).decode()

    # Where it stands

    def value(self, value: Json, under: str = "") -> Json:
        """A JSON value, found under a key."""
        if isinstance(value, str):
            return value if value in _words_of(under) else self.text(value)
        if isinstance(value, list):
            if under.lower() == "secrets":
                return [self._key(each) if isinstance(each, str) else self.value(each) for each in value]
            return [self.value(each, under) for each in value]
        if isinstance(value, dict):
            return {
                self._key(key, under): self._member(key, each, value, under) for key, each in value.items()
            }
        return value

    def _member(self, key: str, each: Json, siblings: Mapping[str, Json], under: str) -> Json:
        if under.lower() == "secrets":
            return f"<secret {self._key(key)}>"
        if under.lower() in ("environment", "env") and _SECRET_VARIABLE.search(key):
            return f"<secret {self._key(key)}>"
        owner = siblings.get("name")
        if isinstance(owner, str) and owner.lower() in self._names and isinstance(each, str):
            if key == "avatarUrl":
                return f"{PLACEHOLDER}/avatars/{self.name(owner)}.svg"
            if key == "fullname":
                words = self.name(owner)
                return words if each.lower() == owner.lower() else words.replace("-", " ").capitalize()
            if key == "email":
                return f"{self.name(owner)}@example.com"
        if key == "displayName" and "role" in siblings:
            return "token"
        if (
            each is not None
            and _is_secret(key)
            and not (key.lower() == "secrets" and isinstance(each, (dict, list)))
        ):
            return HIDDEN
        return self.value(each, key)

    def _key(self, key: str, under: str = "environment") -> str:
        if key in _known_keys() and under.lower() not in ("environment", "env", "secrets", "labels"):
            return key
        changed = self.text(key)
        # Names of variables and secrets have no dashes.
        return changed.replace("-", "_") if changed != key and under != "labels" else changed

    def _body(self, body: Body | None) -> Body | None:
        if body is None or body.kind == "omitted":
            return body
        if body.kind == "body":
            return replace(body, value=self.value(body.value))
        if body.kind == "base64":  # names and tokens are ASCII, so they are found in any bytes
            text = self.text(b64decode(str(body.value)).decode("latin-1"))
            return replace(body, value=b64encode(text.encode("latin-1", "replace")).decode())
        text = str(body.value)
        if re.search(r"secrets?\b", text, re.IGNORECASE) and "{" in text:
            return Body("omitted", "it is no JSON, and speaks of secrets")
        return replace(body, value=self.text(text))

    def _frame(self, text: str) -> str:
        return "\n".join(self._line(line) for line in text.split("\n"))

    def _line(self, line: str) -> str:
        value = _parsed(line)
        if value is None:
            return self.text(line)
        head, space, written = line.partition(":")
        indent = written[: len(written) - len(written.lstrip())]
        written = written[len(indent) :]
        end = "\r" if written.endswith("\r") else ""
        style = next((style for style in _JSON_STYLES if _written(value, style) + end == written), None)
        return f"{self.text(head)}{space}{indent}{_written(self.value(value), style or _JSON_STYLES[0])}{end}"

    def _header(self, name: str, value: str) -> str:
        if name == "authorization":
            if not value.strip():
                return value
            return self._tokens.get(value.split(" ", 1)[-1].strip(), HIDDEN)
        if name == "date":
            return value
        if name == "link":
            return re.sub(r"<([^>]*)>", lambda match: f"<{self._address(match[1])}>", value)
        return self._address(value) if name == "location" else self.text(value)

    def _address(self, address: str) -> str:
        place = next((each for each in self._places if address.startswith(each)), None)
        host = ""
        if place is not None:
            host, address = PLACEHOLDER, address[len(place) :]
        elif "://" in address:
            scheme, _, rest = address.partition("://")
            machine, slash, rest = rest.partition("/")
            host, address = f"{scheme}://{self.text(machine)}", slash + rest
        path, mark, query = address.partition("?")
        pairs = [
            (self.text(key), self._query_value(key, text))
            for key, text in parse_qsl(query, keep_blank_values=True)
        ]
        return f"{host}{self.path(path)}{mark}{urlencode(pairs)}"

    def _query_value(self, key: str, text: str) -> str:
        if key == "cursor" and text:  # which holds an id, in words of its own
            return self._numbered("cursor", text)
        if _is_secret(key):
            return HIDDEN
        return text if text in _words_of(key) else self.text(text)


def _parsed(line: str) -> Json:
    """The JSON of a line of an event stream, or of lines of JSON; None if it has none."""
    field, colon, rest = line.partition(":")
    text = rest.strip() if colon and field == "data" else ""
    if text[:1] not in ("{", "["):
        return None
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


@lru_cache(4096)
def _is_secret(key: str) -> bool:
    """Whether what stands under such a key is hidden, whatever it is."""
    hidden = redact({key: "some value"})
    return isinstance(hidden, dict) and HIDDEN in hidden.values()


def _written(value: Json, style: tuple[tuple[str, str], bool]) -> str:
    return json.dumps(value, separators=style[0], ensure_ascii=style[1])


@cache
def _known_keys() -> frozenset[str]:
    """Every key of the contract."""
    return frozenset(key for piece in PIECES.values() for key, _ in _properties(piece)) | {"error"}


@cache
def _words_of(key: str) -> frozenset[str]:
    """The fixed words that the contract has for a key: they stay, even if somebody is called so."""
    words: set[str] = set()
    for piece in PIECES.values():
        for name, schema in _properties(piece):
            if name == key:
                words.update(_fixed(schema))
    return frozenset(words)


def _properties(schema: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    if isinstance(schema, dict):
        for keyword, value in schema.items():
            if keyword == "properties":
                yield from value.items()
            yield from _properties(value)
    elif isinstance(schema, list):
        for each in schema:
            yield from _properties(each)


def _fixed(schema: Mapping[str, object]) -> Iterator[str]:
    for keyword in ("enum", "const"):
        value = schema.get(keyword)
        yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))
    for keyword in ("items",):
        if isinstance(inner := schema.get(keyword), dict):
            yield from _fixed(inner)
    alternatives = schema.get("anyOf")
    for each in alternatives if isinstance(alternatives, list) else ():
        yield from _fixed(each)
