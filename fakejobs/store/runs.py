"""Rows of jobs that a schedule brought about and that nobody has changed since: slim, since a year has half a million minutes.

What all runs of a schedule have in common is in a template. A run that is changed becomes a job like any other: `take_run`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import fields
from hashlib import blake2b
from typing import Any

import orjson

from fakejobs.model.job import Job
from fakejobs.model.outcomes import Outcome, Script
from fakejobs.model.plan import Plan
from fakejobs.model.schedules import NO_PLAN, Run, Template
from fakejobs.model.stages import JobStage

_COLUMNS = "id, created, start, end, end_stage, message, cancel_reason, template"

_STAGES = {stage.value: stage for stage in JobStage}
_SECONDS_OF_IDS = 2**32
_LAST_SECOND = 253_402_300_799  # of the year 9999
_TEMPLATES_KEPT = 256

# By id, which says what is in it: so those of all hubs of this process can be in one place.
_templates: dict[str, Template] = {}


def put_template(connection: sqlite3.Connection, template: Template) -> str:
    """Add a template, if it is not there yet; returns its id, which follows from what it says."""
    text = _template_text(template)
    template_id = blake2b(text, digest_size=12).hexdigest()
    connection.execute(
        "INSERT OR IGNORE INTO templates (id, namespace, rule, template) VALUES (?, ?, ?, ?)",
        (template_id, template.namespace, template.rule, text.decode()),
    )
    return template_id


def insert_runs(
    connection: sqlite3.Connection, template: Template, template_id: str, found: Iterable[Run]
) -> None:
    """Add runs of one template."""
    same = template.namespace, template_id, template.job("", NO_PLAN).resource_group
    connection.executemany(
        "INSERT INTO runs (id, created, start, end, end_stage, message, cancel_reason, namespace, template, resource_group) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((*run, *same) for run in found),
    )


def select_runs(
    connection: sqlite3.Connection,
    where: str,
    values: Sequence[object],
    *,
    newest_first: bool = False,
    few: bool = False,
    limit: int = -1,
) -> list[Job]:
    """The runs for which ``where`` holds, in the order of lists.

    Args:
        few: an index finds them, among many; else they are looked for in that order.
    """
    down, plus = " DESC" if newest_first else "", "+" if few else ""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM runs WHERE {where} ORDER BY {plus}created{down}, {plus}id{down} LIMIT ?",
        (*values, limit),
    )
    found = []
    template: Template | None = None
    known = ""
    for job_id, created, start, end, end_stage, message, cancel_reason, template_id in rows:
        if template is None or template_id != known:  # it seldom is: a list may have half a million
            template, known = _template(connection, template_id), template_id
        plan = Plan(created, start, end, _STAGES[end_stage], message, cancel_reason)
        found.append(template.job(job_id, plan))
    return found


def count_runs(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> int:
    """How many runs there are for which ``where`` holds."""
    return int(connection.execute(f"SELECT count(*) FROM runs WHERE {where}", values).fetchone()[0])


def find_run(connection: sqlite3.Connection, job_id: str) -> Job | None:
    """The run with this id, or None."""
    # An id begins with its second, which is a part of the primary key.
    try:
        second = int(job_id[:8], 16)
    except ValueError:
        return None  # it is no id at all
    if found := _find(connection, job_id, [second]):
        return found
    # Those begin anew in 2106.
    return _find(connection, job_id, range(second + _SECONDS_OF_IDS, _LAST_SECOND, _SECONDS_OF_IDS))


def run_script(connection: sqlite3.Connection, job_id: str) -> Script:
    """The script of a run that exists."""
    job = find_run(connection, job_id)
    assert job is not None
    (template,) = connection.execute(
        "SELECT template FROM runs WHERE namespace = ? AND created = ? AND id = ?",
        (job.namespace, job.plan.created, job.id),
    ).fetchone()
    return _template(connection, template).script(job_id)


def take_run(connection: sqlite3.Connection, job_id: str) -> tuple[Job, Script] | None:
    """Take a run away, to make a job like any other of it; None if there is none."""
    job = find_run(connection, job_id)
    if job is None:
        return None
    script = run_script(connection, job_id)
    connection.execute(
        "DELETE FROM runs WHERE namespace = ? AND created = ? AND id = ?",
        (job.namespace, job.plan.created, job.id),
    )
    return job, script


def templates_with(
    connection: sqlite3.Connection, namespace: str, labels: Sequence[tuple[str, str]]
) -> list[str]:
    """The ids of the templates of a namespace that have all these labels."""
    rows = connection.execute("SELECT id FROM templates WHERE namespace = ? ORDER BY id", (namespace,))
    return [
        template_id
        for (template_id,) in rows.fetchall()
        if all(_template(connection, template_id).labels.get(key) == value for key, value in labels)
    ]


def count_runs_of_rule(connection: sqlite3.Connection, rule_id: int, most: int) -> int:
    """How many runs follow a rule; counted up to ``most``."""
    query = "SELECT count(*) FROM (SELECT 1 FROM runs WHERE template IN (SELECT id FROM templates WHERE rule = ?) LIMIT ?)"
    return int(connection.execute(query, (rule_id, most)).fetchone()[0])


def _find(connection: sqlite3.Connection, job_id: str, seconds: Sequence[int]) -> Job | None:
    where = (
        f"namespace IN (SELECT DISTINCT namespace FROM templates) AND created IN ({', '.join('?' * len(seconds))}) "
        "AND id = ?"
    )
    found = select_runs(connection, where, [*(second * 1000 for second in seconds), job_id])
    return found[0] if found else None


def _template(connection: sqlite3.Connection, template_id: str) -> Template:
    template = _templates.get(template_id)
    if template is None:
        (text,) = connection.execute("SELECT template FROM templates WHERE id = ?", (template_id,)).fetchone()
        if len(_templates) >= _TEMPLATES_KEPT:
            _templates.clear()
        template = _templates[template_id] = _template_from(orjson.loads(text))
    return template


def _template_text(template: Template) -> bytes:
    values = {each.name: getattr(template, each.name) for each in fields(template)}
    outcome = {each.name: getattr(template.outcome, each.name) for each in fields(template.outcome)}
    assert outcome.pop("call") is None
    assert not outcome.pop("later")
    assert not outcome.pop("said")
    stage = template.outcome.stage
    outcome["stage"] = None if stage is None else stage.value
    return orjson.dumps({**values, "outcome": outcome}, option=orjson.OPT_PASSTHROUGH_SUBCLASS)


def _template_from(values: dict[str, Any]) -> Template:
    outcome = values["outcome"]
    for name in ("scheduling", "running", "lines", "status_lag"):
        outcome[name] = None if outcome[name] is None else tuple(outcome[name])
    if outcome["timed_lines"] is not None:
        outcome["timed_lines"] = tuple((offset, line) for offset, line in outcome["timed_lines"])
    outcome["stage"] = outcome["stage"] and _STAGES[outcome["stage"]]
    return Template(**{**values, "outcome": Outcome(**outcome)})
