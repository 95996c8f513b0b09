"""What goes wrong in the use of the fake itself, as opposed to what the fake Hub answers.

None of these is an `OSError` or an error of an HTTP library: code under test catches and retries those.
"""

from __future__ import annotations


class FakeJobsError(Exception):
    """A wrong use of the fake, or something that it will not do. Base of the others."""


class NetworkRefused(FakeJobsError):
    """A request to a host that is not the fake's was stopped before it left the machine."""


class ClockStuck(FakeJobsError):
    """A wait or a poll that nothing will ever end. The message says who waits for what, and the ways out."""


class FakeClosed(FakeJobsError):
    """A thread left over from an earlier test still uses its fake."""


class CheckFailed(AssertionError):
    """What a test did not say: problems that happened while it ran, or what ``strict`` forbids. Raised when its fake ends."""


class LeftOverThread(UserWarning):
    """A thread that a test began still used its fake when that ended; what it asks for from then on is refused."""
