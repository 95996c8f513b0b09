"""Taking people, tokens and secrets out of recordings: equal originals get equal replacements, in all files of a directory.

What is `Recognised` is replaced wherever it stands as a word: in paths, texts, lines of logs. So is what looks like a token, an email, an
address of a machine.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from fakejobs.contract.recognise import ID, Recognised, is_environment, is_secret_variable, json_of
from fakejobs.contract.recording import (
    KEPT_OF_REQUEST,
    KEPT_OF_RESPONSE,
    PLACEHOLDER,
    Body,
    Exchange,
    Frame,
    Request,
    route_of,
)
from fakejobs.contract.wire_words import known_keys, words_of
from fakejobs.wire.json_types import Json
from fakejobs.wire.redact import HIDDEN, redact, redact_text

_PLACEHOLDER_HOST = PLACEHOLDER.partition("://")[2]
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

# A word may begin right behind letters that are none of its own: an escape of JSON or of an address, a colour of a terminal.
_ESCAPED = (
    r"(?<=\\[nrtbf])|(?<=\\x[0-9a-fA-F]{2})|(?<=\\u[0-9a-fA-F]{4})|(?<=%[0-9a-fA-F]{2})"
    r"|(?<=[0-9\[]m)|(?<=\x1b\[[A-Z])|(?<=\x1b\[[0-9][A-Z])"
)
_BEGIN = rf"(?:(?<![^\W_])|{_ESCAPED})"
_BEGIN_ID = rf"(?:(?<![0-9a-fA-F])|{_ESCAPED})"

# Tokens by their look, the Hub's behind anything, and those of others: AWS, GitHub, GitLab, OpenAI and kin, Slack, Google, PyPI, JSON web tokens, passwords in addresses.
_TOKENS = re.compile(
    rf"{_BEGIN}(?:(?:A[KS]IA[0-9A-Z]{{16}}|gh[pousr]_\w{{20,}}|github_pat_\w{{20,}}|glpat-[\w-]{{16,}}|sk-[\w-]{{16,}}"
    r"|xox[a-z]-[\w-]{10,}|AIza[\w-]{30,}|pypi-[\w-]{16,}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*))"
    rf"|{_BEGIN}(?:hf_(?!(?:hub|xet)/)|api_org_)[A-Za-z0-9._-]{{3,}}|hf_[A-Za-z0-9]{{30,}}"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
    re.ASCII,
)
_NO_REQUEST_ID = "Root=1-00000000-000000000000000000000000"
_LOOKS = (
    r"(?P<request>Root=1-[0-9a-f]{8}-[0-9a-f]{24})"
    rf"|(?:(?<![A-Za-z0-9._%+-])(?<!\\(?=[nrtbf]|u[0-9a-fA-F]{{4}}))(?<![;\[](?=[0-9]{{1,2}}m))|{_ESCAPED})"
    r"(?P<email>[A-Za-z0-9._+-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})"
    rf"|{_BEGIN_ID}(?P<id>[0-9a-fA-F]{{24}})(?![0-9a-fA-F])"
    r"|(?P<v4>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w))"
    r"|(?P<v6>(?<![\w:.])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:.]))"
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{32,}={0,2}")
_JSON_STYLES = [((",", ":"), True), ((",", ":"), False), ((", ", ": "), True), ((", ", ": "), False)]
_KINDS = ("user", "org", "group")


def anonymous(exchanges: Sequence[Exchange], places: Iterable[str] = ()) -> list[Exchange]:
    """The exchanges without people, tokens and secrets.

    Args:
        exchanges: all of a recording, in order; what one of them teaches is replaced in all.
        places: addresses of the server that was recorded, which become `PLACEHOLDER`.
    """
    known = Recognised()
    for exchange in exchanges:
        known.learn(exchange)
    anonymiser = Anonymiser(known, places)
    return [anonymiser.exchange(each) for each in exchanges]


class Anonymiser:
    """Makes copies of exchanges without what has been recognised, and without what looks as if it must not be seen.

    Args:
        known: what has been recognised; it may not grow any more.
        places: addresses of the server that was recorded, which become `PLACEHOLDER`.
    """

    def __init__(self, known: Recognised, places: Iterable[str] = ()) -> None:
        self._known = known
        self._places = frozenset(place.rstrip("/") for place in places)
        self._ids: dict[str, str] = {}
        self._made_ids: set[str] = set()
        self._numbers: dict[str, dict[str, str]] = {"email": {}, "v4": {}, "v6": {}, "cursor": {}}

    def exchange(self, exchange: Exchange) -> Exchange:
        """A copy of an exchange; only the headers that are kept are in it."""
        request, response = exchange.request, exchange.response
        frames = response.frames
        return Exchange(
            Request(
                method=request.method,
                path=self.path(request.path, request.method),
                query=tuple((self.text(key), self._query_value(key, text)) for key, text in request.query),
                headers=self._headers(request.headers, KEPT_OF_REQUEST),
                body=self._body(request.body),
            ),
            replace(
                response,
                headers=self._headers(response.headers, KEPT_OF_RESPONSE),
                body=self._body(response.body),
                frames=None
                if frames is None
                else tuple(Frame(frame.at, self._frame(frame.text)) for frame in frames),
                failed=None if response.failed is None else self.text(response.failed),
            ),
        )

    # Texts

    def text(self, text: str) -> str:
        """A text without what is known, and what looks like what must not be seen."""
        parts, begin = [], 0
        for match in self._literals.finditer(text):
            parts += [self._words(text[begin : match.start()]), self._literal(match[0])]
            begin = match.end()
        parts.append(self._words(text[begin:]))
        return "".join(parts)

    @cached_property
    def _literals(self) -> re.Pattern[str]:
        """What is replaced even inside of words."""
        known = {*self._places, *self._known.secrets, *self._known.avatars} - {""}
        return re.compile(
            "|".join(
                re.escape(each) + (r"(?!\d)" if each in self._places else "")
                for each in sorted(known, key=_longest_first)
            )
            or r"(?!)"
        )

    def _literal(self, literal: str) -> str:
        if literal in self._places:
            return PLACEHOLDER
        if literal in self._known.avatars:
            return self._avatar(self._known.avatars[literal])
        secret = self._known.secrets[literal]
        return f"<secret {self._key(secret[8:-1])}>" if secret.startswith("<secret ") else secret

    def _words(self, text: str) -> str:
        if not text:
            return text
        text = _TOKENS.sub(HIDDEN, redact_text(text))
        text = _BASE64.sub(lambda match: self._base64(match[0]), text)
        return self._who_and_what.sub(self._replacement, text)

    @cached_property
    def _who_and_what(self) -> re.Pattern[str]:
        """What is replaced as a whole word."""
        names = _any_of({*self._known.names, *self._known.fullnames})
        return re.compile(
            rf"{_BEGIN}(?P<host>(?i:{_any_of(self._hosts())}))(?!\.?(?:\w|-(?!-)))|{_LOOKS}"
            rf"|(?<=-)(?P<fingerprint>{_any_of(self._known.fingerprints)})(?![^\W_])"
            rf"|{_BEGIN}(?P<name>(?i:{names}))(?![^\W_])",
            re.ASCII,
        )

    def _hosts(self) -> Iterator[str]:
        for place in self._places:
            parts = urlsplit(place)
            if parts.hostname is not None and parts.hostname not in _LOOPBACK:
                yield parts.hostname
            if parts.port is not None:
                yield parts.netloc

    def _replacement(self, match: re.Match[str]) -> str:
        kind, found = str(match.lastgroup), match[0]
        if kind == "host":
            return _PLACEHOLDER_HOST
        if kind == "request":
            return _NO_REQUEST_ID
        if kind == "fingerprint":
            return self._known.fingerprints[found]
        if kind == "name":
            return self.name(found)
        if kind == "id":
            return self._id(found)
        if kind == "email":
            return self._email(found)
        try:
            address = ip_address(found)
        except ValueError:
            return found
        if address.is_loopback or address.is_unspecified:
            return found  # 127.0.0.1, 0.0.0.0 and :: are nobody's
        return self._numbered(kind, address.compressed)

    def _email(self, found: str) -> str:
        who, at, where = (found if "@" in found else found.replace("%40", "@", 1)).partition("@")
        if ID.fullmatch(who):  # a job, as ssh reaches it
            return f"{self._id(who)}@{where}"
        address = f"{who}{at}{where}".lower()
        owner = self._known.emails.get(address)
        made = f"{self.name(owner)}@example.com" if owner else self._numbered("email", address)
        return made if "@" in found else made.replace("@", "%40")

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

    def _id(self, original: str) -> str:
        key = original.lower()
        if key not in self._ids:
            is_entity = key in self._known.entity_ids
            # The first 8 digits of a job's id are its second of creation, and that is in the file anyway.
            prefix, digits = ("", 24) if is_entity else (key[:8], 16)
            number = len(self._ids) + 1
            while (made := f"{prefix}{number:0{digits}x}") in self._known.ids or made in self._made_ids:
                number += 1
            self._ids[key] = made
            self._made_ids.add(made)
        return self._ids[key]

    def _base64(self, encoded: str) -> str:
        """Scripts travel as base64 (``hf jobs uv run``), and may name anybody."""
        try:
            text = b64decode(encoded, validate=True).decode()
        except (Error, ValueError):
            return encoded
        changed = self.text(text)
        return encoded if changed == text else b64encode(changed.encode()).decode()

    # People

    def name(self, name: str) -> str:
        """What stands for a user, an organisation or a group: ``user-1``; for a full name, ``User 1``."""
        lowered = name.lower()
        if lowered in self._known.names:
            return self._replacements[lowered]
        shown = self._fullname(self._known.fullnames[lowered])
        return quote(shown) if "%20" in name else shown

    def _fullname(self, name: str) -> str:
        return self._replacements[name.lower()].replace("-", " ").capitalize()

    def _avatar(self, name: str) -> str:
        return f"{PLACEHOLDER}/avatars/{self.name(name)}.svg"

    @cached_property
    def _replacements(self) -> dict[str, str]:
        made: dict[str, str] = {}
        numbers = dict.fromkeys(_KINDS, 0)
        for name, kind in self._known.names.items():
            kind = kind or "user"
            numbers[kind] += 1
            # Somebody may really be called so.
            while f"{kind}-{numbers[kind]}" in self._known.names:
                numbers[kind] += 1
            made[name] = f"{kind}-{numbers[kind]}"
        return made

    # JSON

    def value(self, value: Json, under: str = "") -> Json:
        """A JSON value, found under a key."""
        if isinstance(value, str):
            return value if value in words_of(under) else self.text(value)
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
        if under.lower() == "secrets" or (is_environment(under) and is_secret_variable(key)):
            return f"<secret {self._key(key)}>"
        owner = siblings.get("name")
        if isinstance(owner, str) and owner.lower() in self._known.names and isinstance(each, str):
            if key == "avatarUrl":
                return self._avatar(owner)
            if key == "fullname":
                return self.name(owner) if each.lower() == owner.lower() else self._fullname(owner)
            if key == "email":
                return f"{self.name(owner)}@example.com"
        if key == "displayName" and "role" in siblings:
            return "token"
        names_only = key.lower() == "secrets" and isinstance(each, (dict, list))
        if each is not None and _is_secret(key) and not names_only:
            return HIDDEN
        if key == "accessToken" and isinstance(
            each, str
        ):  # into the content store; who calls has an object there
            return HIDDEN
        return self.value(each, key)

    def _key(self, key: str, under: str = "environment") -> str:
        is_own = is_environment(under) or under.lower() in ("secrets", "labels")
        if key in known_keys() and not is_own:
            return key
        changed = self.text(key)
        # Names of variables and secrets have no dashes.
        return changed.replace("-", "_") if changed != key and under != "labels" else changed

    # Parts of an exchange

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

    def _query_value(self, key: str, text: str) -> str:
        if key == "cursor" and text:  # which holds an id, in words of its own
            return self._numbered("cursor", text)
        if _is_secret(key):
            return HIDDEN
        return text if text in words_of(key) else self.text(text)

    def _headers(self, headers: Mapping[str, str], kept: Sequence[str]) -> dict[str, str]:
        return {name: self._header(name, headers[name]) for name in kept if name in headers}

    def _header(self, name: str, value: str) -> str:
        if name == "authorization":
            if not value.strip():
                return value
            return self._known.tokens.get(value.split(" ", 1)[-1].strip(), HIDDEN)
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
            host, address = self.text(f"{scheme}://{machine}"), slash + rest
        path, mark, query = address.partition("?")
        pairs = [
            (self.text(key), self._query_value(key, text))
            for key, text in parse_qsl(query, keep_blank_values=True)
        ]
        return f"{host}{self.path(path)}{mark}{urlencode(pairs)}"

    def _body(self, body: Body | None) -> Body | None:
        if body is None or body.kind == "omitted":
            return body
        if body.kind == "body":
            return replace(body, value=self.value(body.value))
        if body.kind == "base64":
            text = self.text(b64decode(str(body.value)).decode("utf-8", "surrogateescape"))
            return replace(body, value=b64encode(text.encode("utf-8", "surrogateescape")).decode())
        text = str(body.value)
        if re.search(r"secrets?\b", text, re.IGNORECASE) and "{" in text:
            return Body("omitted", "it is no JSON, and speaks of secrets")
        return replace(body, value=self.text(text))

    def _frame(self, text: str) -> str:
        return "\n".join(self._line(line) for line in text.split("\n"))

    def _line(self, line: str) -> str:
        value = json_of(line)
        if value is None:
            return self.text(line)
        head, colon, written = line.partition(":")
        indent = written[: len(written) - len(written.lstrip())]
        written = written[len(indent) :]
        end = "\r" if written.endswith("\r") else ""
        style = next((style for style in _JSON_STYLES if _written(value, style) + end == written), None)
        return f"{self.text(head)}{colon}{indent}{_written(self.value(value), style or _JSON_STYLES[0])}{end}"


@lru_cache(4096)
def _is_secret(key: str) -> bool:
    """Whether what stands under such a key is hidden, whatever it is."""
    hidden = redact({key: "some value"})
    return isinstance(hidden, dict) and HIDDEN in hidden.values()


def _any_of(words: Iterable[str]) -> str:
    """A pattern for any of these words; for none, if there are none."""
    return "|".join(map(re.escape, sorted(set(words), key=_longest_first))) or r"(?!)"


def _longest_first(text: str) -> tuple[int, str]:
    return -len(text), text


def _written(value: Json, style: tuple[tuple[str, str], bool]) -> str:
    return json.dumps(value, separators=style[0], ensure_ascii=style[1])
