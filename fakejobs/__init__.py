"""The Hugging Face Jobs API, offline: a stateful, deterministic fake and the test toolkit around it.

The names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from fakejobs.version import VERSION

if TYPE_CHECKING:
    from fakejobs.activation import activate
    from fakejobs.clock import Anchor, Clock
    from fakejobs.errors import (
        CheckFailed,
        ClockStuck,
        FakeClosed,
        FakeJobsError,
        LeftOverThread,
        NetworkRefused,
    )
    from fakejobs.handle import FakeJobs
    from fakejobs.hub import FakeHub, Settings
    from fakejobs.model.quirks import Quirks
    from fakejobs.model.refusal import Refusal
    from fakejobs.model.stages import IllegalTransition, JobStage
    from fakejobs.network import RoutedRequest
    from fakejobs.remote import RemoteHub
    from fakejobs.submitted import SubmittedJob
    from fakejobs.wire.info import JobInfo, JobOwner, JobStatus

__version__ = VERSION

_HOMES = {
    "Anchor": "fakejobs.clock",
    "CheckFailed": "fakejobs.errors",
    "Clock": "fakejobs.clock",
    "ClockStuck": "fakejobs.errors",
    "FakeClosed": "fakejobs.errors",
    "FakeHub": "fakejobs.hub",
    "FakeJobs": "fakejobs.handle",
    "FakeJobsError": "fakejobs.errors",
    "IllegalTransition": "fakejobs.model.stages",
    "JobInfo": "fakejobs.wire.info",
    "JobOwner": "fakejobs.wire.info",
    "JobStage": "fakejobs.model.stages",
    "JobStatus": "fakejobs.wire.info",
    "LeftOverThread": "fakejobs.errors",
    "NetworkRefused": "fakejobs.errors",
    "Quirks": "fakejobs.model.quirks",
    "Refusal": "fakejobs.model.refusal",
    "RoutedRequest": "fakejobs.network",
    "RemoteHub": "fakejobs.remote",
    "Settings": "fakejobs.hub",
    "SubmittedJob": "fakejobs.submitted",
    "activate": "fakejobs.activation",
}

__all__ = [
    "Anchor",
    "CheckFailed",
    "Clock",
    "ClockStuck",
    "FakeClosed",
    "FakeHub",
    "FakeJobs",
    "FakeJobsError",
    "IllegalTransition",
    "JobInfo",
    "JobOwner",
    "JobStage",
    "JobStatus",
    "LeftOverThread",
    "NetworkRefused",
    "Quirks",
    "Refusal",
    "RemoteHub",
    "RoutedRequest",
    "Settings",
    "SubmittedJob",
    "__version__",
    "activate",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
