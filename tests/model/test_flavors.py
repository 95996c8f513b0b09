"""The hardware, against a table that was copied independently (hardware list and prices of the Hub, 2026-08-31)."""

from __future__ import annotations

import pytest

from fakejobs.model.flavors import FLAVORS, UNLISTED, hardware
from fakejobs.wire.pieces import FLAVORS as FLAVORS_OF_THE_SCHEMA

TABLE = """
cpu-basic        CPU Basic                  2    16     50  -                    167
cpu-upgrade      CPU Upgrade                8    32     50  -                    500
cpu-performance  CPU Performance           32   256   1024  -                  31667
cpu-xl           CPU XL                    16   124   1000  -                  16667
t4-small         Nvidia T4 - small          4    15     50  1xT4/16             6667
t4-medium        Nvidia T4 - medium         8    30    100  1xT4/16            10000
a10g-small       Nvidia A10G - small        4    15    110  1xA10G/24          16667
a10g-large       Nvidia A10G - large       12    46    200  1xA10G/24          25000
a10g-largex2     2x Nvidia A10G - large    24    92   1000  2xA10G/48          50000
a10g-largex4     4x Nvidia A10G - large    48   184   2000  4xA10G/96          83334
a100-large       Nvidia A100 - large       12   142   1000  1xA100/80          41667
a100x4           4x Nvidia A100            48   568   4000  4xA100/320        166667
a100x8           8x Nvidia A100            96  1136   8000  8xA100/640        333333
h200             Nvidia H200               23   256   3000  1xH200/141         83333
h200x2           Nvidia H200               46   512   6000  2xH200/282        166667
h200x4           Nvidia H200               92  1024  12000  4xH200/564        333333
h200x8           Nvidia H200              184  2048  24000  8xH200/1128       666667
rtx-pro-6000     Nvidia RTX PRO 6000       23   256    475  1xRTX PRO 6000/96   45833
rtx-pro-6000x2   Nvidia RTX PRO 6000       46   512    950  2xRTX PRO 6000/192  91667
rtx-pro-6000x4   Nvidia RTX PRO 6000       92  1024   1900  4xRTX PRO 6000/384 183333
rtx-pro-6000x8   Nvidia RTX PRO 6000      184  2048   3800  8xRTX PRO 6000/768 366667
l4x1             1x Nvidia L4               8    30    400  1xL4/24            13333
l4x4             4x Nvidia L4              48   186   3200  4xL4/96            63333
l40sx1           1x Nvidia L40S             8    62    380  1xL40S/48          30000
l40sx4           4x Nvidia L40S            48   382   3200  4xL40S/192        138333
l40sx8           8x Nvidia L40S           192  1534   6500  8xL40S/384        391666
"""


def test_the_figures_are_those_of_the_hub() -> None:
    lines = []
    for each in FLAVORS:
        cards = each.accelerator
        shown = "-" if cards is None else f"{cards.quantity}x{cards.model}/{cards.vram}"
        figures = (each.name, each.pretty_name, each.vcpu, each.ram, each.storage, shown, each.micro_usd)
        lines.append(" ".join(str(figure) for figure in figures))
    assert lines == [" ".join(line.split()) for line in TABLE.strip().splitlines()]


def test_prices_are_copied_and_not_computed() -> None:
    price = {each.name: each.micro_usd for each in FLAVORS}
    assert price["a10g-largex4"] != 2 * price["a10g-largex2"]
    assert price["l40sx8"] != 8 * price["l40sx1"]
    assert price["h200x2"] != 2 * price["h200"]


def test_listed_and_unlisted_together_are_what_a_job_may_ask_for() -> None:
    assert {each.name for each in FLAVORS} | set(UNLISTED) == set(FLAVORS_OF_THE_SCHEMA)


def test_every_profile_is_plausible() -> None:
    for each in FLAVORS:
        for low, high in (each.scheduling, each.running):
            assert 0 < low < high
        for low, high in (each.cpu_load, each.gpu_load, each.memory_load):
            assert 0 <= low < high <= 100
        assert each.capacity is None
    by_name = hardware()
    assert by_name["cpu-basic"].scheduling[1] <= 10 < by_name["a10g-small"].scheduling[0]
    assert by_name["h200x8"].scheduling[1] >= 43_200, "half a day was seen"


def test_profiles_can_be_changed() -> None:
    changed = hardware(
        {
            "t4-small": {"scheduling": "1h", "running": {"between": [5, "1m"]}, "capacity": 3},
            "h200": {"cpu_load": [1, 2.5], "gpu_load": [0, 100], "memory_load": [5, 5]},
        }
    )
    assert list(changed) == [each.name for each in FLAVORS], "in the Hub's order still"
    assert changed["t4-small"].scheduling == (3600, 3600)
    assert changed["t4-small"].running == (5, 60)
    assert changed["t4-small"].capacity == 3
    assert changed["h200"].cpu_load == (1, 2.5)
    assert changed["t4-medium"] == hardware()["t4-medium"]


@pytest.mark.parametrize(
    ("profiles", "complaint"),
    [
        ({"t4-smal": {}}, r"flavors\.t4-smal: no such flavor; did you mean 't4-small'"),
        (
            {"t4-small": {"capasity": 1}},
            r"flavors\.t4-small\.capasity: unknown word; did you mean 'capacity'",
        ),
        ({"t4-small": {"capacity": -1}}, r"flavors\.t4-small\.capacity: a capacity is a whole number"),
        ({"t4-small": {"capacity": 1.5}}, "a capacity is a whole number"),
        ({"t4-small": {"capacity": True}}, "a capacity is a whole number"),
        ({"t4-small": {"cpu_load": [5, 1]}}, r"t4-small\.cpu_load: give \[from, to\]"),
        ({"t4-small": {"cpu_load": [5, 101]}}, r"give \[from, to\]"),
        ({"t4-small": {"gpu_load": 50}}, r"give \[from, to\]"),
        ({"t4-small": {"running": "forever"}}, "'forever' is no length of time"),
        ({"t4-small": {"scheduling": {"between": [2, 1]}}}, r"t4-small\.scheduling: .*goes backwards"),
    ],
)
def test_impossible_profiles_are_named(profiles: dict[str, dict[str, object]], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        hardware(profiles)
