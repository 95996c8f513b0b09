"""The route that tells who is calling."""

from __future__ import annotations

from flask import Blueprint, Response

from fakejobs.web.context import caller, hub, json_answer
from fakejobs.wire.encode import whoami_body

identity = Blueprint("identity", __name__)


@identity.get("/api/whoami-v2")
def whoami() -> Response:
    """Who calls, in which organisations, with which token."""
    return json_answer(whoami_body(caller(), hub().settings.identity))
