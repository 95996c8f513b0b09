"""Playing jobs: calling the functions of ``then(call=...)`` at the instants at which their jobs begin to run."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence

from fakejobs.errors import FakeJobsError
from fakejobs.hub import FakeHub
from fakejobs.hub import calls as hub_calls
from fakejobs.hub.calls import Started
from fakejobs.model.job import JobAt
from fakejobs.model.outcomes import outcome_after_call
from fakejobs.printing import caught_stdout
from fakejobs.waits import Waits
from fakejobs.wire.encode import job_body
from fakejobs.wire.info import JobInfo


class Workers:
    """Who plays the jobs of one fake. Making it is what allows ``call=`` in the rules of its hub.

    A function is called once, in the thread that moves time to the start of its job (or, if it asks first, in the one whose
    request comes first), without the hub's lock, with time standing. It gets the job. It may use the client, submit jobs, and wait for
    them: then virtual time passes, and its job goes on running meanwhile.

    - What it prints in its own thread is the log, spread over the time of running.
    - When it raises, the job fails with exit code 1, and the traceback ends the log; `SystemExit` is an exit code. The error goes no
      further.
    - A mapping that it returns has words of ``then``, which replace those of the rule.

    Args:
        hub: whose jobs.
        waits: who moves its time.
        view: makes what a function gets from the job that began; by default a `fakejobs.JobInfo`.
        problem: called with each wrong use, in addition to its job failing.
    """

    def __init__(
        self,
        hub: FakeHub,
        waits: Waits,
        *,
        view: Callable[[JobAt], object] | None = None,
        problem: Callable[[FakeJobsError], object] = lambda _error: None,
    ) -> None:
        self._hub = hub
        self._waits = waits
        self._view = view or self._info
        self._problem = problem
        self._expected: set[int] = set()
        hub.state.calls.listener = self._expect

    def run(self) -> None:
        """Play the jobs that have begun by now. To be called before a request is answered, so that nobody sees a job before its turn."""
        while (started := hub_calls.begin(self._hub.state)) is not None:
            with self._waits.working():
                self._play(started)

    def _expect(self, instant: int) -> None:
        # With the hub's lock held, which is the waits' own. An instant is asked for once, however many changes name it.
        if instant not in self._expected:
            self._expected.add(instant)
            self._waits.call_at(instant, lambda: self._arrived(instant))

    def _arrived(self, instant: int) -> None:
        self._expected.discard(instant)
        with self._hub.state.act():  # settles what is due, and says when to ask again
            pass
        self.run()

    def _play(self, started: Started) -> None:
        returned: object = None
        with caught_stdout() as printed:
            try:
                returned = started.call(self._view(started.seen))
            except SystemExit as error:
                returned = {"exit_code": _exit_code(error)}
                if isinstance(error.code, str):
                    print(error.code)  # noqa: T201 - this is the log
            except Exception as error:  # noqa: BLE001 - whatever the job raises is its end, not the test's
                print(_traceback(error), end="")  # noqa: T201 - this is the log
                returned = {"exit_code": 1}
            except BaseException:
                self._finish(started, printed.getvalue(), {"exit_code": 1})
                raise
        self._finish(started, printed.getvalue(), returned)

    def _finish(self, started: Started, printed: str, returned: object) -> None:
        lines = printed.removesuffix("\n").split("\n") if printed else []
        try:
            outcome = outcome_after_call(started.then, returned, _lines(lines))
        except ValueError as error:
            self._problem(FakeJobsError(str(error)))
            failed: Mapping[str, object] = {"exit_code": 1}
            outcome = outcome_after_call(started.then, failed, _lines([*lines, f"[fakejobs] {error}"]))
        hub_calls.finish(self._hub.state, started, outcome)

    def _info(self, seen: JobAt) -> JobInfo:
        return JobInfo.from_wire(job_body(seen, self._hub.settings.quirks))


def _exit_code(error: SystemExit) -> int:
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else 1


def _traceback(error: Exception) -> str:
    # Without the frame of this module: the job knows nothing of it.
    frames = error.__traceback__.tb_next if error.__traceback__ is not None else None
    return "".join(traceback.format_exception(type(error), error, frames))


def _lines(lines: Sequence[str]) -> list[str]:
    # Half a surrogate pair cannot be sent, and is no reason to fail.
    return [line.encode("utf-8", "backslashreplace").decode("utf-8") for line in lines]
