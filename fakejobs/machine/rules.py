"""The machine: programs that use Jobs, played on a fake and on a model, and what both say compared."""

from __future__ import annotations

from fakejobs.machine.faults import FaultRules
from fakejobs.machine.jobs import JobRules
from fakejobs.machine.schedules import ScheduleRules


class JobsMachine(JobRules, ScheduleRules, FaultRules):
    """Programs that use Jobs, played on a fake and on a model.

    To put a client in the place of ours, override methods ``do_...``: those that the client has; the others go on speaking HTTP. They
    return what the client says: a body of the API, an object with the attributes of huggingface_hub's ``JobInfo`` or ``ScheduledJobInfo``, a `Seen` or
    `SeenSchedule`, or None. An error of the client is compared by its status: see `status_of`. To leave a rule out, set it to None.

    Attributes:
        options: words for `fakejobs.activate`: ``seed``, ``quirks``, ``user``, ``start``, ...
        namespace: whose jobs; empty: those of the user who is logged in.
        bodies: strategy of what is submitted: mostly short bodies whose timeouts and attempts matter, and all that `create_bodies` yields.
        outcomes: strategy of what jobs do.
        labels: strategy of what they are labelled with.
        crons: strategy of when scheduled jobs run: aliases and schedules of five fields.
        fake: the fake, with client, clock and rules; a new one for each program. It is in place from ``__init__`` on.
        model: the model.
        jobs: the bundle of the jobs that were submitted, each a `ModelJob`.
        schedules: the bundle of the scheduled jobs, each a `ModelSchedule`.
    """
