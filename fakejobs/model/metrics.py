"""The metrics of a running job: one sample a second, plausible for its flavor, drawn by keys.

Keys, units and the totals (slightly less than the hardware list says, on machines with cards) follow the one public sample, in
the documentation of ``fetch_job_metrics`` of huggingface_hub.
"""

from __future__ import annotations

import math
from typing import TypedDict

from fakejobs.model.draws import digest, draw
from fakejobs.model.flavors import Flavor, Range

_GIB = 1024**3
_CARD_BYTES_PER_GB = 951_500_000
_RAMP_SECONDS = 20


class CardMetrics(TypedDict):
    """One card: ``utilization`` in percent, memory in bytes."""

    utilization: int
    memory_used_bytes: int
    memory_total_bytes: int


class Metrics(TypedDict):
    """One sample: percent, millicores, bytes, bits a second."""

    cpu_usage_pct: int
    cpu_millicores: int
    memory_used_bytes: int
    memory_total_bytes: int
    rx_bps: int
    tx_bps: int
    gpus: dict[str, CardMetrics]
    replica: str


_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def _replica(seed: int, key: str) -> str:
    return "".join(_ALPHABET[byte % 36] for byte in digest(seed, key, "replica", size=5))


def metrics_at(flavor: Flavor, *, seed: int, key: str, second: int) -> Metrics:
    """The sample of the ``second``-th second of running (0 is the first)."""

    def level(load: Range, what: str) -> float:
        """A share of 1: rises from nothing when the job starts, then swings slowly within the range, with noise."""
        low, high = load[0] / 100, load[1] / 100
        phase = draw(seed, key, f"phase {what}") * 2 * math.pi
        swing = 0.5 + 0.35 * math.sin(phase + second / 37) + 0.3 * (draw(seed, key, what, second) - 0.5)
        ramp = min(1.0, second / _RAMP_SECONDS)
        return ramp * (low + (high - low) * min(1.0, max(0.0, swing)))

    def settled(load: Range, what: str) -> float:
        """A share of 1 that only rises, as memory does, up to the job's own level within the range."""
        low, high = load[0] / 100, load[1] / 100
        return (low + (high - low) * draw(seed, key, f"settled {what}")) * (1 - math.exp(-second / 30))

    cards: dict[str, CardMetrics] = {}
    if flavor.accelerator is not None:
        total = flavor.accelerator.vram * _CARD_BYTES_PER_GB // flavor.accelerator.quantity
        for index in range(flavor.accelerator.quantity):
            cards[digest(seed, key, "card", index, size=4).hex()] = {
                "utilization": round(100 * level(flavor.gpu_load, f"card {index}")),
                "memory_used_bytes": int(total * settled(flavor.memory_load, f"card memory {index}")),
                "memory_total_bytes": total,
            }
    has_cards = flavor.accelerator is not None
    memory = (flavor.ram - 1 if has_cards else flavor.ram) * _GIB
    network = 40e6 * draw(seed, key, "rx", second) ** 4
    return {
        "cpu_usage_pct": round(100 * level(flavor.cpu_load, "cpu")),
        "cpu_millicores": flavor.vcpu * (875 if has_cards else 1000),
        "memory_used_bytes": 1_417_216 + int((memory - 1_417_216) * settled(flavor.memory_load, "memory")),
        "memory_total_bytes": memory,
        "rx_bps": int(network),
        "tx_bps": int(network * 0.1 * draw(seed, key, "tx", second)),
        "gpus": cards,
        "replica": _replica(seed, key),
    }
