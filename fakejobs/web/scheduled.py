"""The routes of scheduled jobs: known, and refused until they are emulated."""

from __future__ import annotations

from flask import Blueprint, Response, request

from fakejobs.web.answers import error_answer
from fakejobs.wire.schema import ROUTES

scheduled = Blueprint("scheduled", __name__)


def _refuse(**_path: str) -> Response:
    return error_answer(
        501,
        f"fakejobs does not emulate scheduled jobs yet: {request.method} {request.path}",
        hint="submit the job itself, at the times that the schedule would",
    )


for _route in ROUTES:
    if _route.path.startswith("/api/scheduled-jobs"):
        _rule = _route.path.replace("{", "<").replace("}", ">")
        scheduled.add_url_rule(_rule, _route.name, _refuse, methods=[_route.method])
