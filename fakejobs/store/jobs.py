"""Rows of jobs."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import orjson

from fakejobs.model.job import Job
from fakejobs.model.outcomes import Script
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.stages import JobStage
from fakejobs.store import runs

_COLUMNS = "id, namespace, number, created, start, end, end_stage, message, cancel_reason, earlier, spec, labels, about, rule"
_FIND = f"SELECT {_COLUMNS} FROM jobs WHERE id = ?"
Row = tuple[str, str, int, int, int, int, str, str | None, str | None, str, str, str, str, int | None]

_STAGES = {stage.value: stage for stage in JobStage}

Position = tuple[int, str]
"""Where a job stands in the order of every list: (created, id)."""

Groups = Collection["str | None"] | None
"""Ids of resource groups; None among them: in none. Instead of a collection, None: whatever group a job is in."""


def insert_job(connection: sqlite3.Connection, job: Job, script: Script) -> None:
    """Add a job with its script."""
    plan = job.plan
    connection.execute(
        "INSERT INTO jobs (id, namespace, number, flavor, created, start, end, end_stage, message, cancel_reason, "
        "earlier, spec, labels, about, rule, resource_group) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
            text_of(plan.earlier) if plan.earlier else "[]",
            text_of(job.spec),
            text_of(job.labels),
            text_of(job.about),
            job.rule,
            job.resource_group,
        ),
    )
    connection.execute("INSERT INTO scripts (job, script) VALUES (?, ?)", (job.id, script_text(script)))
    _insert_labels(connection, job.id, job.labels)


def find_job(connection: sqlite3.Connection, job_id: str) -> Job | None:
    """The job with this id, or None."""
    row: Row | None = connection.execute(_FIND, (job_id,)).fetchone()
    return runs.find_run(connection, job_id) if row is None else _job(row)


def find_script(connection: sqlite3.Connection, job_id: str) -> Script:
    """The script of a job that exists."""
    row = connection.execute("SELECT script FROM scripts WHERE job = ?", (job_id,)).fetchone()
    return runs.run_script(connection, job_id) if row is None else _script(orjson.loads(row[0]))


def set_script(connection: sqlite3.Connection, job_id: str, script: Script) -> None:
    """Replace the script of a job."""
    make_whole(connection, job_id)
    connection.execute("UPDATE scripts SET script = ? WHERE job = ?", (script_text(script), job_id))


def set_plan(connection: sqlite3.Connection, job_id: str, plan: Plan) -> None:
    """Replace the plan of a job, except for when it was created."""
    query = "UPDATE jobs SET start = ?, end = ?, end_stage = ?, message = ?, cancel_reason = ?, earlier = ? WHERE id = ?"
    values = (
        plan.start,
        plan.end,
        plan.end_stage.value,
        plan.message,
        plan.cancel_reason,
        text_of(plan.earlier) if plan.earlier else "[]",
        job_id,
    )
    if connection.execute(query, values).rowcount == 0:  # most are whole
        make_whole(connection, job_id)
        connection.execute(query, values)


def set_spec(connection: sqlite3.Connection, job_id: str, spec: Mapping[str, object]) -> None:
    """Replace the spec of a job; its flavor stays."""
    make_whole(connection, job_id)
    connection.execute("UPDATE jobs SET spec = ? WHERE id = ?", (text_of(spec), job_id))


def set_about(connection: sqlite3.Connection, job_id: str, about: Mapping[str, object]) -> None:
    """Replace what a job knows about itself."""
    make_whole(connection, job_id)
    connection.execute("UPDATE jobs SET about = ? WHERE id = ?", (text_of(about), job_id))


def set_labels(connection: sqlite3.Connection, job_id: str, labels: Mapping[str, str]) -> None:
    """Replace the labels of a job."""
    make_whole(connection, job_id)
    connection.execute("UPDATE jobs SET labels = ? WHERE id = ?", (text_of(labels), job_id))
    connection.execute("DELETE FROM labels WHERE job = ?", (job_id,))
    _insert_labels(connection, job_id, labels)


def _insert_labels(connection: sqlite3.Connection, job_id: str, labels: Mapping[str, str]) -> None:
    if labels:
        connection.executemany(
            "INSERT INTO labels (job, key, value) VALUES (?, ?, ?)",
            [(job_id, key, value) for key, value in labels.items()],
        )


def make_whole(connection: sqlite3.Connection, job_id: str) -> None:
    """Before a run of a schedule is changed, make a job like any other of it."""
    whole = connection.execute("SELECT 1 FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if whole is None and (taken := runs.take_run(connection, job_id)):
        insert_job(connection, *taken)


def newest_jobs(
    connection: sqlite3.Connection,
    namespace: str,
    now: int,
    *,
    stages: Iterable[JobStage] = (),
    labels: Sequence[tuple[str, str]] = (),
    before: Position | None = None,
    groups: Groups = None,
    limit: int,
) -> list[Job]:
    """The newest jobs of a namespace, newest first.

    Args:
        stages: only jobs that are in one of these at ``now``; none given: in any.
        labels: only jobs that have all of these.
        before: only jobs that stand behind this one.
        groups: only jobs in these resource groups.
        limit: how many at the most.
    """
    wanted = set(stages)
    where, values = _where(namespace, now, wanted, groups)
    if before is not None:
        where += " AND (created, id) < (?, ?)"
        values += before
    of_runs, values_of_runs = where, list(values)
    if labels:
        templates = runs.templates_with(connection, namespace, labels)
        of_runs += f" AND template IN ({', '.join('?' * len(templates))})"
        values_of_runs += templates
    for key, value in labels:
        where += " AND EXISTS (SELECT 1 FROM labels WHERE job = jobs.id AND key = ? AND value = ?)"
        values += [key, value]
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM jobs WHERE {where} ORDER BY created DESC, id DESC LIMIT ?",
        (*values, limit),
    )
    found = [_job(row) for row in rows]
    live = bool(wanted) and wanted <= {JobStage.SCHEDULING, JobStage.RUNNING}
    more = runs.select_runs(connection, of_runs, values_of_runs, newest_first=True, few=live, limit=limit)
    return sorted(found + more, key=_position, reverse=True)[:limit] if more else found


def _position(job: Job) -> Position:
    return job.plan.created, job.id


def count_jobs(
    connection: sqlite3.Connection,
    namespace: str,
    now: int,
    *,
    stages: Iterable[JobStage] = (),
    groups: Groups = None,
) -> int:
    """How many jobs of a namespace (in these resource groups) are in one of ``stages`` at ``now``; none given: in any."""
    where, values = _where(namespace, now, stages, groups)
    (count,) = connection.execute(f"SELECT count(*) FROM jobs WHERE {where}", values).fetchone()
    return int(count) + runs.count_runs(connection, where, values)


def count_running(
    connection: sqlite3.Connection, now: int, *, flavor: str | None = None, namespace: str | None = None
) -> int:
    """How many jobs of a flavor (in all namespaces), or of a namespace (of all flavors), run at ``now``.

    Where that is limited: the slim rows of `fakejobs.store.runs` are not counted, and where there is a limit there are none that run.
    """
    column, value = ("flavor", flavor) if flavor is not None else ("namespace", namespace)
    # Says in the words of the partial index that it serves.
    query = f"SELECT count(*) FROM jobs WHERE {column} = ? AND end > ? AND start <= ? AND start < {NEVER}"
    return int(connection.execute(query, (value, now, now)).fetchone()[0])


def count_ended(
    connection: sqlite3.Connection, since: int, until: int, *, flavor: str | None, namespace: str | None
) -> int:
    """How many of the jobs that ran at ``since`` have ended until ``until``, likewise."""
    column, value = ("flavor", flavor) if flavor is not None else ("namespace", namespace)
    query = f"SELECT count(*) FROM jobs WHERE {column} = ? AND end > ? AND end <= ? AND start <= ? AND start < {NEVER}"
    return int(connection.execute(query, (value, since, until, since)).fetchone()[0])


def live_jobs(connection: sqlite3.Connection, now: int) -> list[Job]:
    """Every job that is not over at ``now``, oldest first."""
    query = f"SELECT {_COLUMNS} FROM jobs WHERE end > ? ORDER BY created, id"
    return _with_runs(connection, [_job(row) for row in connection.execute(query, (now,))], "end > ?", (now,))


def billed_jobs(connection: sqlite3.Connection, namespace: str, since: int, *, started: bool) -> list[Job]:
    """Every job of a namespace that was not over at ``since``, newest first; with ``started``, without those that wait for a slot."""
    query = f"SELECT {_COLUMNS} FROM jobs WHERE namespace = ? AND end > ?"
    if started:
        query += f" AND start < {NEVER}"  # in the words of the partial index
    # Sorted here: asked to sort, SQLite would walk through the namespace from its newest job to its oldest.
    rows = connection.execute(query, (namespace, since))
    found = _with_runs(
        connection, [_job(row) for row in rows], "namespace = ? AND end > ?", (namespace, since)
    )
    return sorted(found, key=_position, reverse=True)


def all_jobs(connection: sqlite3.Connection) -> list[Job]:
    """Every job of the hub, oldest first."""
    query = f"SELECT {_COLUMNS} FROM jobs ORDER BY created, id"
    return _with_runs(connection, [_job(row) for row in connection.execute(query)], "TRUE", ())


def _with_runs(
    connection: sqlite3.Connection, found: list[Job], where: str, values: Sequence[object]
) -> list[Job]:
    more = runs.select_runs(connection, where, values, few=bool(values))  # not if they are all
    return sorted(found + more, key=_position) if more else found


def count_all_jobs(connection: sqlite3.Connection) -> int:
    """How many jobs the hub has."""
    return int(connection.execute("SELECT count(*) FROM jobs").fetchone()[0]) + runs.count_runs(
        connection, "TRUE", ()
    )


def count_of_rule(connection: sqlite3.Connection, rule_id: int, most: int = -1) -> int:
    """How many jobs follow a rule; counted up to ``most``."""
    query = "SELECT count(*) FROM (SELECT 1 FROM jobs WHERE rule = ? LIMIT ?)"
    found = int(connection.execute(query, (rule_id, most)).fetchone()[0]) if most else 0
    if found == most:
        return found
    return found + runs.count_runs_of_rule(connection, rule_id, most if most < 0 else max(0, most - found))


def any_job(connection: sqlite3.Connection) -> bool:
    """Whether there is a job at all, or a scheduled one."""
    # What its schedule brought about is there only if it is, or was: its template then is.
    query = "SELECT 1 FROM jobs UNION ALL SELECT 1 FROM schedules UNION ALL SELECT 1 FROM templates LIMIT 1"
    return connection.execute(query).fetchone() is not None


def latest_creation(connection: sqlite3.Connection) -> int:
    """When the newest job, scheduled or not, was created, or a schedule last ran; 0 if there is none."""
    query = (
        "SELECT max((SELECT coalesce(max(created), 0) FROM jobs), (SELECT coalesce(max(created), 0) FROM runs), "
        "(SELECT coalesce(max(since), 0) FROM schedules))"
    )
    return int(connection.execute(query).fetchone()[0])


def _where(namespace: str, now: int, stages: Iterable[JobStage], groups: Groups) -> tuple[str, list[object]]:
    wanted = set(stages)
    where, values = "namespace = ?", [namespace]  # type: tuple[str, list[object]]
    if groups is not None:
        named = sorted(group for group in groups if group is not None)
        none = " OR resource_group IS NULL" if None in groups else ""
        where += f" AND (resource_group IN ({', '.join('?' * len(named))}){none})"
        values += named
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
        **({"status_lag": script.status_lag} if script.status_lag else {}),
        "later": [_script_values(each) for each in script.later],
    }


def _script(values: Mapping[str, Any]) -> Script:
    stage = values["stage"] and _STAGES[values["stage"]]
    lines = tuple((offset, line) for offset, line in values["lines"])
    later = tuple(_script(each) for each in values["later"])
    return Script(**{**values, "lines": lines, "stage": stage, "later": later})
