"""A state machine for Hypothesis to inherit: your client against a small model, and the fake between them.

`JobsMachine` draws programs: it submits, cancels, duplicates, relabels, exposes, follows, lists, counts and inspects jobs, schedules them, lets requests fail
and time pass, and compares every answer with what its model says. Out of the box it speaks HTTP in process and so tests the fake. A subclass puts a client
in that place, by overriding the methods ``do_...``, and adds rules and invariants of its own; what then fails is shrunk to a short program.

    class MyClientMachine(JobsMachine):
        def do_inspect(self, job_id):
            return my_client.inspect(job_id)

    TestMyClient = MyClientMachine.TestCase
"""

from fakejobs.machine.facts import UNTOLD, Seen, SeenSchedule
from fakejobs.machine.model import Model, ModelJob, ModelSchedule
from fakejobs.machine.over_http import Answer, Refused
from fakejobs.machine.programs import outcomes
from fakejobs.machine.rules import JobsMachine
from fakejobs.machine.scripted import Then

__all__ = [
    "UNTOLD",
    "Answer",
    "JobsMachine",
    "Model",
    "ModelJob",
    "ModelSchedule",
    "Refused",
    "Seen",
    "SeenSchedule",
    "Then",
    "outcomes",
]
