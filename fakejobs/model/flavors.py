"""The hardware: what `GET /api/jobs/hardware` lists, and how a job behaves on it when no rule says otherwise.

Figures and prices are those of the Hub on 2026-08-31; prices are rounded irregularly there, so they are copied, not
computed. How long each flavor schedules is drawn from a range around what its users reported (a second-long wait for
cpu-basic in huggingface_hub#4211, more than twelve hours for h200x8 in huggingface_hub#4376).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fakejobs.model.units import did_you_mean, length_range

Range = tuple[float, float]


@dataclass(frozen=True)
class Accelerator:
    """The cards of a flavor: ``vram`` is the sum over all of them, in GB."""

    model: str
    quantity: int
    vram: int


@dataclass(frozen=True)
class Flavor:
    """One line of the hardware list, and its simulation profile.

    Attributes:
        name: as in ``flavor`` of a job.
        pretty_name: as shown to people.
        vcpu: number of virtual CPUs.
        ram: memory in GB.
        storage: ephemeral storage in GB.
        accelerator: the cards, or None.
        micro_usd: price of a minute in micro-dollars.
        scheduling: how long a job waits before it runs, in seconds, from - to.
        running: how long a job runs that no rule scripts, in seconds, from - to.
        cpu_load: share of the CPUs that a job keeps busy, in percent, from - to.
        gpu_load: share of each card, likewise.
        memory_load: share of the memory (of the machine, and of each card), likewise.
        capacity: how many jobs run at the same time; None means that there is no limit.
    """

    name: str
    pretty_name: str
    vcpu: int
    ram: int
    storage: int
    accelerator: Accelerator | None
    micro_usd: int
    scheduling: Range
    running: Range
    cpu_load: Range = (40, 95)
    gpu_load: Range = (70, 100)
    memory_load: Range = (20, 70)
    capacity: int | None = None


def _gpu(model: str, quantity: int, vram: int) -> Accelerator:
    return Accelerator(model, quantity, vram)


# fmt: off
FLAVORS: tuple[Flavor, ...] = (
    #      name              pretty name                 vCPU   RAM  disk   cards                        uUSD/min  scheduling     running
    Flavor("cpu-basic",       "CPU Basic",                 2,    16,    50, None,                              167, (5, 8),        (5, 20)),
    Flavor("cpu-upgrade",     "CPU Upgrade",               8,    32,    50, None,                              500, (5, 12),       (5, 20)),
    Flavor("cpu-performance", "CPU Performance",          32,   256,  1024, None,                            31667, (10, 60),      (10, 30)),
    Flavor("cpu-xl",          "CPU XL",                   16,   124,  1000, None,                            16667, (10, 60),      (10, 30)),
    Flavor("t4-small",        "Nvidia T4 - small",         4,    15,    50, _gpu("T4", 1, 16),              6667, (30, 120),     (20, 60)),
    Flavor("t4-medium",       "Nvidia T4 - medium",        8,    30,   100, _gpu("T4", 1, 16),             10000, (30, 120),     (20, 60)),
    Flavor("a10g-small",      "Nvidia A10G - small",       4,    15,   110, _gpu("A10G", 1, 24),           16667, (60, 240),     (20, 60)),
    Flavor("a10g-large",      "Nvidia A10G - large",      12,    46,   200, _gpu("A10G", 1, 24),           25000, (60, 240),     (20, 60)),
    Flavor("a10g-largex2",    "2x Nvidia A10G - large",   24,    92,  1000, _gpu("A10G", 2, 48),           50000, (90, 420),     (20, 60)),
    Flavor("a10g-largex4",    "4x Nvidia A10G - large",   48,   184,  2000, _gpu("A10G", 4, 96),           83334, (120, 600),    (20, 60)),
    Flavor("a100-large",      "Nvidia A100 - large",      12,   142,  1000, _gpu("A100", 1, 80),           41667, (90, 600),     (30, 90)),
    Flavor("a100x4",          "4x Nvidia A100",           48,   568,  4000, _gpu("A100", 4, 320),         166667, (180, 1800),   (30, 90)),
    Flavor("a100x8",          "8x Nvidia A100",           96,  1136,  8000, _gpu("A100", 8, 640),         333333, (300, 3600),   (30, 90)),
    Flavor("h200",            "Nvidia H200",              23,   256,  3000, _gpu("H200", 1, 141),          83333, (120, 900),    (30, 90)),
    Flavor("h200x2",          "Nvidia H200",              46,   512,  6000, _gpu("H200", 2, 282),         166667, (180, 1800),   (30, 90)),
    Flavor("h200x4",          "Nvidia H200",              92,  1024, 12000, _gpu("H200", 4, 564),         333333, (300, 7200),   (30, 90)),
    Flavor("h200x8",          "Nvidia H200",             184,  2048, 24000, _gpu("H200", 8, 1128),        666667, (600, 43200),  (30, 90)),
    Flavor("rtx-pro-6000",    "Nvidia RTX PRO 6000",      23,   256,   475, _gpu("RTX PRO 6000", 1, 96),   45833, (60, 300),     (30, 90)),
    Flavor("rtx-pro-6000x2",  "Nvidia RTX PRO 6000",      46,   512,   950, _gpu("RTX PRO 6000", 2, 192),  91667, (90, 600),     (30, 90)),
    Flavor("rtx-pro-6000x4",  "Nvidia RTX PRO 6000",      92,  1024,  1900, _gpu("RTX PRO 6000", 4, 384), 183333, (120, 1200),   (30, 90)),
    Flavor("rtx-pro-6000x8",  "Nvidia RTX PRO 6000",     184,  2048,  3800, _gpu("RTX PRO 6000", 8, 768), 366667, (180, 1800),   (30, 90)),
    Flavor("l4x1",            "1x Nvidia L4",              8,    30,   400, _gpu("L4", 1, 24),             13333, (30, 180),     (20, 60)),
    Flavor("l4x4",            "4x Nvidia L4",             48,   186,  3200, _gpu("L4", 4, 96),             63333, (60, 480),     (20, 60)),
    Flavor("l40sx1",          "1x Nvidia L40S",            8,    62,   380, _gpu("L40S", 1, 48),           30000, (45, 300),     (20, 60)),
    Flavor("l40sx4",          "4x Nvidia L40S",           48,   382,  3200, _gpu("L40S", 4, 192),         138333, (120, 900),    (20, 60)),
    Flavor("l40sx8",          "8x Nvidia L40S",          192,  1534,  6500, _gpu("L40S", 8, 384),         391666, (180, 1800),   (20, 60)),
)
# fmt: on

UNLISTED = ("sprx8", "zero-a10g", "inf2x6")
"""Flavors that the Hub's schema of a job accepts and its hardware list does not offer (Hub OpenAPI, August 2026)."""

Hardware = dict[str, Flavor]


def hardware(profiles: Mapping[str, Mapping[str, object]] | None = None) -> Hardware:
    """The flavors by name, in the Hub's order, with changed simulation profiles.

    Args:
        profiles: for each flavor to change, ``scheduling`` and ``running`` (a length of time, or
            ``{"between": [from, to]}``), ``cpu_load``, ``gpu_load``, ``memory_load`` (``[from, to]`` in percent) and
            ``capacity`` (a whole number).

    Raises:
        ValueError: an unknown flavor or word, or an impossible value; the message names it.
    """
    flavors = {flavor.name: flavor for flavor in FLAVORS}
    for name, profile in (profiles or {}).items():
        if name not in flavors:
            raise ValueError(f"flavors.{name}: no such flavor{did_you_mean(name, flavors)}")
        for word, value in profile.items():
            flavors[name] = _changed(flavors[name], word, value)
    return flavors


def _changed(flavor: Flavor, word: str, value: object) -> Flavor:
    where = f"flavors.{flavor.name}.{word}"
    try:
        if word == "scheduling":
            return replace(flavor, scheduling=_seconds(value))
        if word == "running":
            return replace(flavor, running=_seconds(value))
        if word == "cpu_load":
            return replace(flavor, cpu_load=_percent(value))
        if word == "gpu_load":
            return replace(flavor, gpu_load=_percent(value))
        if word == "memory_load":
            return replace(flavor, memory_load=_percent(value))
        if word == "capacity":
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1_000_000:
                raise ValueError("a capacity is a whole number of jobs, from 0 to 1000000")
            return replace(flavor, capacity=value)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    raise ValueError(f"{where}: unknown word{did_you_mean(word, _PROFILE)}")


def _seconds(value: object) -> Range:
    low, high = length_range(value)
    return low / 1000, high / 1000


def _percent(value: object) -> Range:
    match value:
        case [int() | float() as low, int() | float() as high] if 0 <= low <= high <= 100:
            return low, high
    raise ValueError("give [from, to] in percent, both from 0 to 100")


_PROFILE = ("scheduling", "running", "cpu_load", "gpu_load", "memory_load", "capacity")
