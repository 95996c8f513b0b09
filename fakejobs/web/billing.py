"""The route that tells what jobs have cost."""

from __future__ import annotations

from flask import Blueprint, Response

from fakejobs.web.context import caller, hub, json_answer
from fakejobs.wire.encode import usage_body

billing = Blueprint("billing", __name__)


@billing.get("/api/settings/billing/usage/jobs")
def usage() -> Response:
    """What the caller's own jobs have used in this month."""
    return json_answer(usage_body(hub().usage(caller())))
