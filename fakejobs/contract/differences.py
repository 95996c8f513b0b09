"""Comparing what was recorded with what the fake answers, place by place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from fakejobs.contract.facts import LONGEST_VALUE
from fakejobs.contract.known_jobs import MARKER
from fakejobs.model.times import from_iso
from fakejobs.wire.json_types import Json, Schema
from fakejobs.wire.paths import join_index, join_key

TOLERANCE_MS = 1_000
"""Times that differ by no more than this are the same: answers tell the time of the server in whole seconds."""

INCOMPARABLE: Mapping[str, str] = {
    "avatarUrl": "whoever it is, the picture is another",
    "settingsUrl": "an address of the settings of somebody",
    "displayName": "what somebody calls a token",
    "emailVerified": "somebody's own matter",
    "canPay": "somebody's own matter",
    "billingMode": "somebody's own matter",
    "periodEnd": "when somebody pays",
    "expiresAt": "when a token ends",
    "fineGrained": "what a token may do, in detail",
    "accessToken.createdAt": "when a token was made",
    "replica": "the machine that a job runs on",
}
"""Keys whose values are not compared, with the reason; that they are there is. Ids are compared by what they stand for: equal ones have to
stay equal."""

METRICS = frozenset(
    {
        "cpu_usage_pct", "cpu_millicores", "memory_used_bytes", "memory_total_bytes", "rx_bps", "tx_bps", "utilization",
    }
)  # fmt: skip
"""Measured values, which are simulated: only that they are there is compared."""

_ID = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{24}(?![0-9a-fA-F])")
_DURATIONS = ("schedulingSecs", "runningSecs", "totalSecs")


@dataclass
class Ids:
    """Which id of the fake stands for which recorded one."""

    known: dict[str, str] = field(default_factory=dict)

    def text(self, recorded: str) -> str:
        """A recorded text, with the fake's ids in it."""
        return _ID.sub(lambda match: self.known.get(match[0].lower(), match[0]), recorded)

    def same(self, recorded: str, fake: str) -> bool:
        """Whether the two stand for the same; the first time, they do."""
        recorded, fake = recorded.lower(), fake.lower()
        if recorded in self.known:
            return self.known[recorded] == fake
        if not _ID.fullmatch(recorded) or not _ID.fullmatch(fake) or fake in self.known.values():
            return False
        self.known[recorded] = fake
        return True

    def value(self, recorded: Json) -> Json:
        """A recorded JSON value, with the fake's ids in it."""
        if isinstance(recorded, str):
            return self.text(recorded)
        if isinstance(recorded, list):
            return [self.value(each) for each in recorded]
        if isinstance(recorded, dict):
            return {self.text(key): self.value(each) for key, each in recorded.items()}
        return recorded


Difference = tuple[str, str]
"""The place, and the sentence."""


def differences(
    recorded: Json,
    fake: Json,
    ids: Ids,
    path: str = "",
    *,
    ignored: Callable[[str], bool] = lambda _path: False,
) -> Iterator[Difference]:
    """Where two JSON values differ: keys, their order, values.

    Args:
        recorded: what was recorded.
        fake: what the fake says.
        ids: which ids stand for which; it learns on the way.
        path: the place of the values in a larger whole.
        ignored: places that are not compared.
    """
    if ignored(path):
        return
    if isinstance(recorded, dict) and isinstance(fake, dict):
        yield from _in_objects(recorded, fake, ids, path, ignored)
    elif isinstance(recorded, list) and isinstance(fake, list):
        if len(recorded) != len(fake):
            yield path, f"recorded {len(recorded)} items, fake {len(fake)}"
        for index, (one, other) in enumerate(zip(recorded, fake, strict=False)):
            yield from differences(one, other, ids, join_index(path, index), ignored=ignored)
    elif not _same(recorded, fake, ids, path):
        yield path, f"recorded {_shown(recorded)}, fake {_shown(fake)}"


def _in_objects(
    recorded: dict[str, Json], fake: dict[str, Json], ids: Ids, path: str, ignored: Callable[[str], bool]
) -> Iterator[Difference]:
    # Cards in metrics have names of their own.
    own_names = path.endswith("gpus")
    if own_names:
        recorded, fake = _numbered(recorded), _numbered(fake)
    for key in recorded:
        if key not in fake and not ignored(join_key(path, key)):
            yield join_key(path, key), "recorded, but the fake does not have it"
    for key in fake:
        if key not in recorded and not ignored(join_key(path, key)):
            yield join_key(path, key), "the fake has it, but it was not recorded"
    ours = [key for key in fake if key in recorded]
    theirs = [key for key in recorded if key in fake]
    if ours != theirs:
        yield path, f"recorded the keys in the order {', '.join(theirs)}; fake {', '.join(ours)}"
    for key in theirs:
        yield from differences(recorded[key], fake[key], ids, join_key(path, key), ignored=ignored)


def _numbered(cards: dict[str, Json]) -> dict[str, Json]:
    return {str(number): each for number, each in enumerate(cards.values())}


def _same(recorded: Json, fake: Json, ids: Ids, path: str) -> bool:
    key = path.rpartition(".")[2]
    two = ".".join(path.split(".")[-2:])
    if key in INCOMPARABLE or two in INCOMPARABLE or key in METRICS:
        return isinstance(recorded, (int, float)) == isinstance(fake, (int, float))
    if isinstance(recorded, str) and isinstance(fake, str):
        return _same_text(recorded, fake, ids, key)
    if isinstance(recorded, bool) or isinstance(fake, bool):
        return recorded is fake
    if isinstance(recorded, (int, float)) and isinstance(fake, (int, float)):
        # Cut to whole seconds, each from another fraction.
        return abs(recorded - fake) <= (1 if key in _DURATIONS else 0)
    return recorded == fake


def _same_text(recorded: str, fake: str, ids: Ids, key: str) -> bool:
    if recorded == fake or ids.text(recorded) == fake:
        return True
    if _ID.fullmatch(recorded) and _ID.fullmatch(fake):
        return key in ("id", "_id", "tokenId", "resourceGroupId") and ids.same(recorded, fake)
    one, other = _instant(recorded), _instant(fake)
    return one is not None and other is not None and abs(one - other) <= TOLERANCE_MS


def _shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "..."


def _instant(text: str) -> int | None:
    marker = MARKER.fullmatch(text)
    try:
        return from_iso(f"{marker[1]}T{marker[2]}Z" if marker else text)
    except ValueError:
        return None


def key_order(schema: Schema, value: Json, path: str = "") -> Iterator[Difference]:
    """Where the keys of a value are in another order than those of its schema."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from key_order(schema.get("items", {}), each, join_index(path, index))
    if not isinstance(value, dict):
        return
    for alternative in schema.get("anyOf", ()):
        if set(alternative.get("required", ())) <= set(value) <= set(alternative.get("properties", ())):
            schema = alternative
    properties: Schema = schema.get("properties", {})
    ours = [key for key in properties if key in value]
    theirs = [key for key in value if key in properties]
    if ours != theirs:
        yield path, f"recorded the keys in the order {', '.join(theirs)}; the contract {', '.join(ours)}"
    for key in theirs:
        yield from key_order(properties[key], value[key], join_key(path, key))
