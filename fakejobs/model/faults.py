"""Faults: what goes wrong between a client and the Hub. Their words, what they match, and when they fire.

A fault is data: the same words in Python, in a scenario file and in the admin API. What becomes of an answer is in `fakejobs.web.faults`, and
how a connection breaks is the drivers' business.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from statistics import NormalDist

from fakejobs.model.draws import between, draw
from fakejobs.model.plan import NEVER
from fakejobs.model.units import check_text, did_you_mean, length_range, milliseconds, short

MATCH_WORDS = ("method", "path", "namespace", "job")
"""Which requests a fault is for; every given word must match."""

WHEN_WORDS = ("times", "probability", "after", "lasts")
"""Which of these it fires on."""

STREAM_WORDS = (
    "cut_after",
    "end_after",
    "stall_after",
    "duplicate",
    "reorder",
    "garbage_after",
    "replay_loses",
)
"""What happens to an event stream."""

ANSWER_WORDS = ("status", "reset", "hang_up", "reset_after", "truncate_after", "bytes_per_second")
"""What happens to any answer."""

KINDS = (*ANSWER_WORDS, "latency", "down", *STREAM_WORDS)
"""The words that say what happens; a fault has exactly one, and may have ``latency`` beside one of `ANSWER_WORDS`."""

DETAIL_WORDS: Mapping[str, tuple[str, ...]] = {
    "body": ("status",),
    "message": ("status",),
    "retry_after": ("status",),
    "when": ("status", "reset", "hang_up", "latency"),
    "length": ("truncate_after",),
    "stall_for": ("stall_after",),
    "garbage": ("garbage_after",),
}
"""Words that say more about one of `KINDS`, and about which."""

WORDS = (*KINDS, *DETAIL_WORDS, *MATCH_WORDS, *WHEN_WORDS)
"""Every word of a fault."""

METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS")
BODIES = ("json", "html", "empty")
GARBAGE = 'data: {"data":"'
"""The garbage line unless another is given: an event that is torn off."""

STREAMS = ("/api/jobs/*/*/logs", "/api/jobs/*/*/metrics", "/api/jobs/*/*/events")
"""The paths of event streams, as they are today."""

_STREAM = re.compile(
    r"/api/jobs/[^/]+/[^/]+/(events|(logs|metrics)(-stream)?)"
)  # as they were called until June 2025
_EARLIER = ("/api/jobs/*/*/logs-stream", "/api/jobs/*/*/metrics-stream")
_ADDRESS = re.compile(r"/api/(?:scheduled-)?jobs/(?P<namespace>[^/]+)(?:/(?P<job>[0-9A-Fa-f]{24})(?=/|$))?")
_TOKEN = re.compile(r"\*\*|\*|\?|\{\w+\}|.", re.DOTALL)
_MOST = 1_000_000_000
_LONGEST_GLOB = 200


@dataclass(frozen=True)
class Asked:
    """A request as faults see it.

    Attributes:
        method: GET, POST, ...
        path: the path, decoded, without the query.
        namespace: the namespace in the path, if there is one.
        job: the id of a job (or of a scheduled job) in the path, if there is one.
    """

    method: str
    path: str
    namespace: str | None = None
    job: str | None = None

    @property
    def is_stream(self) -> bool:
        """Whether it asks for an event stream."""
        return self.method == "GET" and _STREAM.fullmatch(self.path) is not None


def asked(method: str, path: str) -> Asked:
    """What faults see of a request."""
    found = _ADDRESS.match(path)
    if found is None or path == "/api/jobs/hardware":
        return Asked(method, path)
    job = found["job"]
    return Asked(method, path, found["namespace"], None if job is None else job.lower())


@dataclass(frozen=True)
class Latency:
    """How long an answer is delayed.

    Attributes:
        low: the shortest delay in milliseconds; of a log-normal one, the median.
        high: the longest.
        sigma: of a log-normal one, the standard deviation of the logarithm; None: evenly from ``low`` to ``high``, or over their logarithms.
    """

    low: int
    high: int
    sigma: float | None = None

    def drawn(self, seed: int, key: str, index: int) -> int:
        """The delay of one request, in milliseconds."""
        u = draw(seed, key, "latency", index)
        if self.sigma is None:
            return between(self.low, self.high, u)
        deviations = NormalDist().inv_cdf(min(max(u, 1e-12), 1 - 1e-12))
        return min(round(self.low * math.exp(self.sigma * deviations)), _LONGEST_LATENCY)


_LONGEST_LATENCY = 24 * 3_600_000


@dataclass(frozen=True)
class Fault:
    """One fault, with its words as they were given.

    Attributes:
        id: its number within the hub; a higher one is newer.
        words: the words.
        source: who put it there: ``"user"``, ``"scenario"``, or the name of what it is part of.
        kind: which of `KINDS` it is.
        amount: what the word says: a status, a number of bytes or events, bytes per second, or milliseconds.
        latency: the delay, if there is one.
        when: ``"before"``: nothing of the request takes effect; ``"after"``: all of it does, and the answer is lost.
        body: ``"json"``, ``"html"``, ``"empty"``, or the text itself.
        message: the text of the error.
        retry_after: whole seconds that a client is asked to wait.
        length: ``"promised"``: ``Content-Length`` is that of the whole body; ``"actual"``: of what comes.
        stall_for: how long the stall is, in milliseconds.
        garbage: the garbage line.
        times: how often it fires at most; None: without limit.
        probability: how likely it is to fire on a request that it is for.
        after: how many of the first matching requests it lets pass.
        lasts: milliseconds from its first firing after which it is over.
    """

    id: int
    words: Mapping[str, object]
    source: str
    kind: str
    amount: float
    latency: Latency | None
    when: str
    body: str
    message: str | None
    retry_after: int | None
    length: str
    stall_for: int
    garbage: str
    times: int | None
    probability: float
    after: int
    lasts: int

    @property
    def is_for_streams(self) -> bool:
        """Whether it happens to event streams only."""
        return self.kind in STREAM_WORDS

    def matches(self, request: Asked) -> bool:
        """Whether a request is one that it is for."""
        words = self.words
        if self.is_for_streams and not request.is_stream:
            return False
        if "method" in words and request.method != str(words["method"]).upper():
            return False
        if "path" in words and not _matches(str(words["path"]), request.path):
            return False
        return all(
            word not in words or (value is not None and fnmatchcase(value, _lower(word, str(words[word]))))
            for word, value in (("namespace", request.namespace), ("job", request.job))
        )

    def fires(self, seed: int, met: int, fired: int, since: int | None, now: int) -> bool:
        """Whether it fires on the matching request that comes after ``met`` others.

        Args:
            seed: the hub's.
            met: how many matching requests there were before.
            fired: how often it has fired.
            since: when it did so first, in milliseconds.
            now: what time it is.
        """
        if met < self.after or (self.times is not None and fired >= self.times):
            return False
        if since is not None and now >= since + self.lasts:
            return False
        return draw(seed, self.key, "fault", met) < self.probability

    def delay(self, seed: int, met: int) -> int:
        """The delay that it adds to that request, in milliseconds."""
        return 0 if self.latency is None else self.latency.drawn(seed, self.key, met)

    @property
    def key(self) -> str:
        """Its key in draws."""
        return f"fault {self.id}"

    def __str__(self) -> str:
        """It, for people: ``fault 1: status=503, times=2``."""
        return f"fault {self.id}: {', '.join(f'{word}={value!r}' for word, value in self.words.items())}"


def fault_from(fault_id: int, words: Mapping[str, object], source: str = "user") -> Fault:
    """Check the words of a fault and make it; ``fakejobs/docs/faults.md`` says what each means.

    Raises:
        ValueError: an unknown word, an impossible value, or words that do not go together; the message begins with the word.
    """
    for word in words:
        if word not in WORDS:
            raise ValueError(f"{word}: unknown word{did_you_mean(str(word), WORDS)}")
    kind = _kind(words)
    for word, kinds in DETAIL_WORDS.items():
        if word in words and kind not in kinds and not (word == "when" and "latency" in words):
            raise ValueError(f"{word}: this says more about {_or(kinds)}, and is nothing for `{kind}`")
    _check_match(kind, words)
    latency = _latency(words["latency"]) if "latency" in words else None
    status = int(amount) if kind == "status" and (amount := _amount(kind, words[kind])) else 0
    return Fault(
        id=fault_id,
        words=dict(words),
        source=source,
        kind=kind,
        amount=_amount(kind, words[kind]),
        latency=latency,
        when=_choice("when", words.get("when", "before"), ("before", "after")),
        body=_text("body", words.get("body", "json")) or "",
        message=_message(words),
        retry_after=_retry_after(words, status),
        length=_choice("length", words.get("length", "promised"), ("promised", "actual")),
        stall_for=_length("stall_for", words.get("stall_for", "forever"), forever=True),
        garbage=_garbage(words.get("garbage", GARBAGE)),
        times=_times(words, kind),
        probability=_probability(words.get("probability", 1.0)),
        after=int(_whole("after", words.get("after", 0), 0, "how many matching requests it lets pass first")),
        lasts=_length("lasts", words.get("lasts", "forever"), forever=True),
    )


def _kind(words: Mapping[str, object]) -> str:
    kinds = [word for word in KINDS if word in words]
    if not kinds:
        raise ValueError(f"a fault needs a word that says what goes wrong: one of {', '.join(KINDS)}")
    if "latency" in kinds and len(kinds) > 1:
        if (other := next(word for word in kinds if word != "latency")) not in ANSWER_WORDS:
            raise ValueError(f"latency: make it a fault of its own; it does not go together with `{other}`")
        kinds.remove("latency")
    if len(kinds) > 1:
        raise ValueError(
            f"{kinds[1]}: a fault does one thing, and this one has `{kinds[0]}`; make two faults of it"
        )
    return kinds[0]


def _amount(kind: str, value: object) -> float:
    if kind == "status":
        if isinstance(value, bool) or not isinstance(value, int) or not 400 <= value <= 599:
            raise ValueError(f"status: {short(value)} is no status of an error; give one from 400 to 599")
        return value
    if kind in ("reset", "hang_up"):
        if value is not True:
            raise ValueError(f"{kind}: give true, or leave it out")
        return 1
    if kind == "latency":
        return 0
    if kind == "down":
        if (length := _length(kind, value)) == 0:
            raise ValueError("down: give a length of time above 0")
        return length
    if kind == "bytes_per_second":
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.001 <= value <= _MOST:
            raise ValueError(
                f"bytes_per_second: {short(value)} is no such number; give one from 0.001 (a byte each 1000 seconds) on"
            )
        return value
    least = 1 if kind in ("duplicate", "reorder", "replay_loses") else 0
    what = {
        "reset_after": "bytes of the body that come",
        "truncate_after": "bytes of the body that come",
        "duplicate": "which event comes twice, counted from 1",
        "reorder": "which event changes places with the next, counted from 1",
        "replay_loses": "how many events are missing at the end of the replay",
    }.get(kind, "how many events come before that")
    return _whole(kind, value, least, what)


def _check_match(kind: str, words: Mapping[str, object]) -> None:
    if kind == "down":
        for word in (*MATCH_WORDS, "lasts"):
            if word in words:
                raise ValueError(
                    f"{word}: `down` closes the listener, for every request alike; for some requests only, take `reset` or `hang_up`"
                )
    if "method" in words:
        method = _text("method", words["method"]) or ""
        if method.upper() not in METHODS:
            raise ValueError(
                f"method: {short(method)} is no method of HTTP{did_you_mean(method.upper(), METHODS)}"
            )
        if kind in STREAM_WORDS and method.upper() != "GET":
            raise ValueError(f"method: `{kind}` happens to event streams, and those are asked for with GET")
    if "path" in words:
        path = _glob("path", words["path"])
        if not overlap(path, "/api/**"):
            raise ValueError(
                f"path: {short(path)} is no path of the API; those begin with /api/, such as /api/jobs/*"
            )
        if kind in STREAM_WORDS and not any(overlap(path, stream) for stream in (*STREAMS, *_EARLIER)):
            raise ValueError(
                f"path: `{kind}` happens to event streams, and {short(path)} matches none of them: {', '.join(STREAMS)}"
            )
    if "namespace" in words:
        _glob("namespace", words["namespace"])
    if "job" in words and not overlap(_glob("job", words["job"]), "?" * 24):
        raise ValueError(
            f"job: {short(words['job'])} can match no id: an id of a job has 24 hexadecimal digits"
        )


def _glob(word: str, value: object) -> str:
    text = _text(word, value)
    if not text:
        raise ValueError(f"{word}: give a pattern, such as {_EXAMPLES[word]}")
    if len(text) > _LONGEST_GLOB:
        raise ValueError(f"{word}: give at most {_LONGEST_GLOB} characters")
    return text


_EXAMPLES = {"path": '"/api/jobs/*"', "namespace": '"acme*"', "job": '"6955b900465605444a000001"'}


@lru_cache(maxsize=1024)
def _matches(glob: str, path: str) -> bool:
    """``*`` and ``{name}`` for anything within a segment of a path, ``**`` for anything, ``?`` for one character.

    All places of the pattern that a beginning of the path leads to are kept, so many stars take no more time than few; a regular
    expression would try all ways to share the path among them.
    """
    tokens = _tokens(glob)
    places = _and_after(tokens, {0})
    for character in path:
        stays = {
            at
            for at in places
            if at < len(tokens) and (tokens[at] == "**" or (tokens[at] == "*" and character != "/"))
        }
        goes = {
            at + 1
            for at in places
            if at < len(tokens) and (tokens[at] == character or (tokens[at] == "?" and character != "/"))
        }
        places = _and_after(tokens, stays | goes)
    return len(tokens) in places


def _and_after(tokens: list[str], places: set[int]) -> set[int]:
    """The places, and those behind stars that stand for nothing."""
    found = set(places)
    for at in places:
        while at < len(tokens) and tokens[at] in ("*", "**"):
            at += 1
            found.add(at)
    return found


def _tokens(glob: str) -> list[str]:
    return ["*" if len(each) > 2 else each for each in _TOKEN.findall(glob)]


def overlap(one: str, other: str) -> bool:
    """Whether there is a path that both patterns match."""
    left, right = _tokens(one), _tokens(other)

    @cache
    def met(i: int, j: int) -> bool:
        if i == len(left) and j == len(right):
            return True
        if i < len(left) and left[i] in ("*", "**"):
            return met(i + 1, j) or (j < len(right) and _takes(left[i], right[j]) and met(i, j + 1))
        if j < len(right) and right[j] in ("*", "**"):
            return met(i, j + 1) or (i < len(left) and _takes(right[j], left[i]) and met(i + 1, j))
        if i == len(left) or j == len(right):
            return False
        same = (
            left[i] == right[j]
            or (left[i] == "?" and right[j] != "/")
            or (right[j] == "?" and left[i] != "/")
        )
        return same and met(i + 1, j + 1)

    return met(0, 0)


def _takes(star: str, other: str) -> bool:
    """Whether a star can stand for a token of the other pattern, or for a part of what that stands for."""
    return star == "**" or other != "/"


def _lower(word: str, glob: str) -> str:
    return glob.lower() if word == "job" else glob


def _times(words: Mapping[str, object], kind: str) -> int | None:
    if "times" in words:
        return int(_whole("times", words["times"], 1, "how often it fires; without it, there is no limit"))
    return 1 if kind == "down" else None


def _probability(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError(f"probability: {short(value)} is none; give a number from 0 (never) to 1 (always)")
    return value


def _latency(value: object) -> Latency:
    if isinstance(value, Mapping) and "median" in value:
        for word in value:
            if word not in ("median", "sigma"):
                raise ValueError(
                    f"latency.{word}: unknown word{did_you_mean(str(word), ('median', 'sigma'))}"
                )
        sigma = value.get("sigma", 0.5)
        if isinstance(sigma, bool) or not isinstance(sigma, (int, float)) or not 0 <= sigma <= 5:
            raise ValueError(f"latency.sigma: give a number from 0 to 5, not {short(sigma)}")
        median = _length("latency.median", value["median"])
        return Latency(median, median, float(sigma))
    try:
        low, high = length_range(value)
    except ValueError as error:
        raise ValueError(
            f'latency: {error}; or {{"between": ["1s", "5s"]}}, or {{"median": "1s", "sigma": 0.5}}'
        ) from None
    return Latency(low, high)


def _retry_after(words: Mapping[str, object], status: int) -> int | None:
    if "retry_after" not in words:
        return None
    if status not in (429, 503):
        raise ValueError(f"retry_after: only 429 and 503 ask a client to wait, not {status}")
    return math.ceil(_length("retry_after", words["retry_after"]) / 1000)


def _message(words: Mapping[str, object]) -> str | None:
    if "message" not in words:
        return None
    if words.get("body", "json") != "json":
        raise ValueError('message: this is the text of the JSON body; leave `body` out, or say "json"')
    return _text("message", words["message"])


def _garbage(value: object) -> str:
    text = _text("garbage", value) or ""
    if "\n" in text or "\r" in text:
        raise ValueError("garbage: give one line")
    return text


def _length(word: str, value: object, *, forever: bool = False) -> int:
    try:
        return min(milliseconds(value, forever=forever), NEVER)
    except ValueError as error:
        raise ValueError(f"{word}: {error}") from None


def _whole(word: str, value: object, least: int, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST:
        raise ValueError(f"{word}: {short(value)} is no whole number from {least} on ({what})")
    return value


def _choice(word: str, value: object, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(
            f"{word}: give {_or(tuple(repr(each) for each in choices), quote='')}, not {short(value)}"
        )
    return str(value)


def _text(word: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{word}: {short(value)} is no text")
    check_text(word, value)
    return value


def _or(words: tuple[str, ...], quote: str = "`") -> str:
    quoted = [f"{quote}{each}{quote}" for each in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
