"""The rate limiter in front of every view, while the hub has one."""

from __future__ import annotations

from flask import request

from fakejobs.model.refusal import Refusal
from fakejobs.web.context import hub, token_of

USAGE_KEY = "fakejobs.rate_limits"
"""Key of the WSGI environ under which the headers of an answer find what is left of the caller's window."""


def limit_rate() -> None:
    """Count this request of the API.

    Raises:
        Refusal: 429, if it is one too many.
    """
    fake = hub()
    limit = fake.settings.rate_limit
    if limit is None or not request.path.startswith("/api/"):
        return
    try:
        caller = fake.caller(token_of(request.environ))
    except Refusal:  # 401, from the view: until then an address calls
        caller = None
    address = request.environ.get("REMOTE_ADDR") or "127.0.0.1"
    usage = fake.use(limit, caller, address)
    request.environ[USAGE_KEY] = usage
    if usage.exceeded:
        raise Refusal(429, usage.sentence(address if caller is None else None))
