"""Not spending more than was meant. It needs huggingface_hub 1.3.3, which knows what hardware costs; the rest of the package does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import huggingface_hub
from huggingface_hub import JobInfo, run_job

if TYPE_CHECKING:
    from huggingface_hub import JobHardwareInfo


class TooExpensive(Exception):
    """Were the job to use up its time limit, it would cost more than the budget."""


def submit_within(budget: float, command: list[str], *, flavor: str, hours: float) -> JobInfo:
    """Submit a job, if even its whole time limit costs no more than ``budget`` dollars."""
    hardware = {each.name: each for each in huggingface_hub.list_jobs_hardware()}
    worst = _dollars_an_hour(hardware[flavor]) * hours
    if worst > budget:
        raise TooExpensive(
            f"{hours:g} hours of {flavor} cost up to ${worst:.2f}, and the budget is ${budget:.2f}"
        )
    return run_job(image="python:3.12", command=command, flavor=flavor, timeout=hours * 3600)


def cheapest_gpu(vram_gb: int) -> str:
    """The cheapest flavor with at least so much memory on its accelerators."""
    fitting = [
        each
        for each in huggingface_hub.list_jobs_hardware()
        if each.accelerator is not None and int(each.accelerator.vram.split()[0]) >= vram_gb
    ]
    return min(fitting, key=_dollars_an_hour).name


def _dollars_an_hour(hardware: JobHardwareInfo) -> float:
    assert hardware.unit_label == "minute"
    return hardware.unit_cost_usd * 60
