"""Everything random, as keyed draws: no shared stream, so looking never changes what comes next."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b


def digest(seed: int, key: str, purpose: str, index: int = 0, *, size: int = 8) -> bytes:
    """``size`` bytes (at most 64) that depend on the four arguments and nothing else."""
    return blake2b(
        f"{seed}|{key}|{purpose}|{index}".encode("utf-8", "surrogatepass"), digest_size=size
    ).digest()


def draw(seed: int, key: str, purpose: str, index: int = 0) -> float:
    """A number in [0, 1), uniform over keys: ``draw(seed, job key, "scheduling")``."""
    return (int.from_bytes(digest(seed, key, purpose, index), "big") >> 11) / 2**53


def drawer(seed: int, purpose: str) -> Callable[[str], float]:
    """`draw` for many keys, all of one seed and purpose."""
    before, after = f"{seed}|".encode(), f"|{purpose}|0".encode("utf-8", "surrogatepass")

    def draw_for(key: str) -> float:
        text = before + key.encode("utf-8", "surrogatepass") + after
        return (int.from_bytes(blake2b(text, digest_size=8).digest(), "big") >> 11) / 2**53

    return draw_for


def between(low: int, high: int, u: float) -> int:
    """A whole number from ``low`` to ``high``, both included, for ``u`` in [0, 1).

    Ranges that span more than a factor of four are drawn evenly over their logarithm, since waiting times are.
    """
    if low >= high:
        return low
    if low > 0 and high > 4 * low:
        return min(high, round(low * math.exp(u * math.log(high / low))))
    return low + int(u * (high - low + 1))


def object_id(created: int, seed: int, origin: str, number: int) -> str:
    """The id of the hub's ``number``-th job: an ObjectId, as on the Hub.

    8 hex digits of the creation second, 10 of (seed, origin), 6 of the counter, so ids sort by time, then by
    submission (real ids carry their creation second: Hub documentation, "Manage Jobs").

    Args:
        created: milliseconds since the epoch.
    """
    # Four bytes of seconds, as in every ObjectId: they begin anew in 2106.
    return f"{created // 1000 % 2**32:08x}{_origin(seed, origin)}{number % 2**24:06x}"


@lru_cache(maxsize=256)
def _origin(seed: int, origin: str) -> str:
    return digest(seed, origin, "id", size=5).hex()


@lru_cache(maxsize=256)
def entity_id(kind: str, name: str) -> str:
    """The id of a user, an org or a resource group: 24 hex digits that follow from its name."""
    return blake2b(f"{kind}|{name}".encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
