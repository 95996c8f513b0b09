"""Rows of jobs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from fakejobs.model.job import Job
from fakejobs.model.outcomes import Script
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.stages import JobStage

_COLUMNS = "id, namespace, number, created, start, end, end_stage, message, cancel_reason, earlier, spec, labels, about, rule"
_FIND = f"SELECT {_COLUMNS} FROM jobs WHERE id = ?"
Row = tuple[str, str, int, int, int, int, str, str | None, str | None, str, str, str, str, int | None]

_STAGES = {stage.value: stage for stage in JobStage}

Position = tuple[int, str]
"""Where a job stands in the order of every list: (created, id)."""


def insert_job(connection: sqlite3.Connection, job: Job, script: Script) -> None:
    """Add a job with its script."""
    plan = job.plan
    connection.execute(
        "INSERT INTO jobs (id, namespace, number, flavor, created, start, end, end_stage, message, cancel_reason, "
        "earlier, spec, labels, about, rule) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            job.id,
            job.namespace,
            job.number,
            job.flavor,
            plan.created,
            plan.start,
            plan.end,
            plan.end_stage.value,
            plan.message,
            plan.cancel_reason,
            text_of(plan.earlier),
            text_of(job.spec),
            "{}",
            text_of(job.about),
            job.rule,
        ),
    )
    connection.execute("INSERT INTO scripts (job, script) VALUES (?, ?)", (job.id, script_text(script)))
    set_labels(connection, job.id, job.labels)


def find_job(connection: sqlite3.Connection, job_id: str) -> Job | None:
    """The job with this id, or None."""
    row: Row | None = connection.execute(_FIND, (job_id,)).fetchone()
    return None if row is None else _job(row)


def find_script(connection: sqlite3.Connection, job_id: str) -> Script:
    """The script of a job that exists."""
    (text,) = connection.execute("SELECT script FROM scripts WHERE job = ?", (job_id,)).fetchone()
    return _script(orjson.loads(text))


def set_script(connection: sqlite3.Connection, job_id: str, script: Script) -> None:
    """Replace the script of a job."""
    connection.execute("UPDATE scripts SET script = ? WHERE job = ?", (script_text(script), job_id))


def set_plan(connection: sqlite3.Connection, job_id: str, plan: Plan) -> None:
    """Replace the plan of a job, except for when it was created."""
    connection.execute(
        "UPDATE jobs SET start = ?, end = ?, end_stage = ?, message = ?, cancel_reason = ?, earlier = ? WHERE id = ?",
        (
            plan.start,
            plan.end,
            plan.end_stage.value,
            plan.message,
            plan.cancel_reason,
            text_of(plan.earlier),
            job_id,
        ),
    )


def set_spec(connection: sqlite3.Connection, job_id: str, spec: Mapping[str, object]) -> None:
    """Replace the spec of a job; its flavor stays."""
    connection.execute("UPDATE jobs SET spec = ? WHERE id = ?", (text_of(spec), job_id))


def set_labels(connection: sqlite3.Connection, job_id: str, labels: Mapping[str, str]) -> None:
    """Replace the labels of a job."""
    connection.execute("UPDATE jobs SET labels = ? WHERE id = ?", (text_of(labels), job_id))
    connection.execute("DELETE FROM labels WHERE job = ?", (job_id,))
    connection.executemany(
        "INSERT INTO labels (job, key, value) VALUES (?, ?, ?)",
        [(job_id, key, value) for key, value in labels.items()],
    )


def newest_jobs(
    connection: sqlite3.Connection,
    namespace: str,
    now: int,
    *,
    stages: Iterable[JobStage] = (),
    labels: Sequence[tuple[str, str]] = (),
    before: Position | None = None,
    limit: int,
) -> list[Job]:
    """The newest jobs of a namespace, newest first.

    Args:
        stages: only jobs that are in one of these at ``now``; none given: in any.
        labels: only jobs that have all of these.
        before: only jobs that stand behind this one.
        limit: how many at the most.
    """
    where, values = _where(namespace, now, stages)
    for key, value in labels:
        where += " AND EXISTS (SELECT 1 FROM labels WHERE job = jobs.id AND key = ? AND value = ?)"
        values += [key, value]
    if before is not None:
        where += " AND (created, id) < (?, ?)"
        values += before
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM jobs WHERE {where} ORDER BY created DESC, id DESC LIMIT ?",
        (*values, limit),
    )
    return [_job(row) for row in rows]


def count_jobs(
    connection: sqlite3.Connection, namespace: str, now: int, *, stages: Iterable[JobStage] = ()
) -> int:
    """How many jobs of a namespace are in one of ``stages`` at ``now``; none given: in any."""
    where, values = _where(namespace, now, stages)
    (count,) = connection.execute(f"SELECT count(*) FROM jobs WHERE {where}", values).fetchone()
    return int(count)


def count_running(
    connection: sqlite3.Connection, now: int, *, flavor: str | None = None, namespace: str | None = None
) -> int:
    """How many jobs of a flavor (in all namespaces), or of a namespace (of all flavors), run at ``now``."""
    column, value = ("flavor", flavor) if flavor is not None else ("namespace", namespace)
    # Says in the words of the partial index that it serves.
    query = f"SELECT count(*) FROM jobs WHERE {column} = ? AND end > ? AND start <= ? AND start < {NEVER}"
    return int(connection.execute(query, (value, now, now)).fetchone()[0])


def live_jobs(connection: sqlite3.Connection, now: int) -> list[Job]:
    """Every job that is not over at ``now``, oldest first."""
    query = f"SELECT {_COLUMNS} FROM jobs WHERE end > ? ORDER BY created, id"
    return [_job(row) for row in connection.execute(query, (now,))]


def all_jobs(connection: sqlite3.Connection) -> list[Job]:
    """Every job of the hub, oldest first."""
    return [_job(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM jobs ORDER BY created, id")]


def count_all_jobs(connection: sqlite3.Connection) -> int:
    """How many jobs the hub has."""
    return int(connection.execute("SELECT count(*) FROM jobs").fetchone()[0])


def count_of_rule(connection: sqlite3.Connection, rule_id: int, most: int = -1) -> int:
    """How many jobs follow a rule; counted up to ``most``."""
    query = "SELECT count(*) FROM (SELECT 1 FROM jobs WHERE rule = ? LIMIT ?)"
    return int(connection.execute(query, (rule_id, most)).fetchone()[0])


def any_job(connection: sqlite3.Connection) -> bool:
    """Whether there is a job at all."""
    return connection.execute("SELECT 1 FROM jobs LIMIT 1").fetchone() is not None


def latest_creation(connection: sqlite3.Connection) -> int:
    """When the newest job was created; 0 if there is none."""
    return int(connection.execute("SELECT coalesce(max(created), 0) FROM jobs").fetchone()[0])


def _where(namespace: str, now: int, stages: Iterable[JobStage]) -> tuple[str, list[object]]:
    wanted = set(stages)
    where, values = "namespace = ?", [namespace]  # type: tuple[str, list[object]]
    if not wanted or wanted == set(JobStage):
        return where, values
    parts: list[str] = []
    # Written so that the index over (namespace, end, start, end_stage) serves: live jobs are few among many.
    if {JobStage.SCHEDULING, JobStage.RUNNING} <= wanted:
        parts.append("end > ?")
        values.append(now)
    elif JobStage.RUNNING in wanted:
        parts.append("(end > ? AND start <= ?)")
        values += [now, now]
    elif JobStage.SCHEDULING in wanted:
        parts.append("(end > ? AND start > ?)")
        values += [now, now]
    terminal = sorted(wanted - {JobStage.SCHEDULING, JobStage.RUNNING})
    if terminal:
        parts.append(f"(end <= ? AND end_stage IN ({', '.join('?' * len(terminal))}))")
        values += [now, *(stage.value for stage in terminal)]
    return f"{where} AND ({' OR '.join(parts)})", values


def _job(row: Row) -> Job:
    (
        job_id,
        namespace,
        number,
        created,
        start,
        end,
        end_stage,
        message,
        reason,
        earlier,
        spec,
        labels,
        about,
        rule,
    ) = row
    past = () if earlier == "[]" else tuple((a, b) for a, b in orjson.loads(earlier))
    return Job(
        id=job_id,
        namespace=namespace,
        number=number,
        plan=Plan(created, start, end, _STAGES[end_stage], message, reason, past),
        spec=orjson.loads(spec),
        labels=orjson.loads(labels),
        about=orjson.loads(about),
        rule=rule,
    )


def text_of(value: object) -> str:
    """Canonical text of a JSON value: compact, keys in the order that they were given."""
    return orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()


def script_text(script: Script) -> str:
    """Canonical text of a script."""
    return text_of(_script_values(script))


def _script_values(script: Script) -> dict[str, object]:
    return {
        "scheduling": script.scheduling,
        "running": script.running,
        "exit_code": script.exit_code,
        "message": script.message,
        "oom": script.oom,
        "image_pull_error": script.image_pull_error,
        "lines": script.lines,
        "stage": None if script.stage is None else script.stage.value,
        "cancel_reason": script.cancel_reason,
        "later": [_script_values(each) for each in script.later],
    }


def _script(values: Mapping[str, Any]) -> Script:
    stage = values["stage"] and _STAGES[values["stage"]]
    lines = tuple((offset, line) for offset, line in values["lines"])
    later = tuple(_script(each) for each in values["later"])
    return Script(**{**values, "lines": lines, "stage": stage, "later": later})
