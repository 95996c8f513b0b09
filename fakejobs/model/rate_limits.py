"""How often somebody may call, and what is said to those who called too often.

The quotas, the fixed windows of five minutes and the two headers are those of the Hub's page on rate limits
(https://huggingface.co/docs/hub/rate-limits, September 2026). The sentences are what clients were answered: ggml-org/llama.cpp#18108 for an
address, and the texts of ``HfHubHTTPError`` that name "the quota of 1000 api requests per 5 minutes period" for a user.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fakejobs.model.identity import Caller, Identity
from fakejobs.model.units import did_you_mean, milliseconds

WINDOW = 300_000
"""Milliseconds of a window of the Hub."""

ANONYMOUS = 500
"""Requests in a window of an address that sends no token, or one that is nobody's."""

FREE, PRO = 1_000, 2_500
"""Requests in a window of a user."""

OF_PLANS: Mapping[str, int] = {"team": 3_000, "enterprise": 6_000, "plus": 10_000, "academia": 2_500}
"""Requests in a window of a member of an organisation, by its plan."""


@dataclass(frozen=True)
class RateLimit:
    """How many requests a caller may make.

    Attributes:
        requests: in a window; None: as the Hub allows it, by plan.
        window: milliseconds. A window begins at a multiple of it, for everybody at once.
    """

    requests: int | None = None
    window: int = WINDOW

    def quota(self, identity: Identity, caller: Caller | None) -> int:
        """Requests that a caller, or an address without one, has in a window."""
        if self.requests is not None:
            return self.requests
        if caller is None:
            return ANONYMOUS
        plans = [org.plan for org in identity.orgs if org.role_of(caller.user.name) is not None]
        return max(PRO if caller.user.is_pro else FREE, *(OF_PLANS.get(plan or "", 0) for plan in plans), 0)


@dataclass(frozen=True)
class Usage:
    """What is left of a window.

    Attributes:
        quota: requests in a window.
        used: requests in this one, with the one that is being answered.
        ends: when the next window begins, in milliseconds.
        now: when this was said.
        window: milliseconds of a window.
    """

    quota: int
    used: int
    ends: int
    now: int
    window: int

    @property
    def exceeded(self) -> bool:
        """Whether this request is one too many."""
        return self.used > self.quota

    def headers(self) -> list[tuple[str, str]]:
        """What the answer says of it; of one that is refused, also when to come back."""
        seconds = -(-(self.ends - self.now) // 1000)
        found = [
            ("RateLimit", f'"api";r={max(0, self.quota - self.used)};t={seconds}'),
            ("RateLimit-Policy", f'"fixed window";"api";q={self.quota};w={self.window // 1000}'),
        ]
        return [*found, ("Retry-After", str(seconds))] if self.exceeded else found

    def sentence(self, address: str | None) -> str:
        """The error of a request too many; to an address, if nobody known calls."""
        if address is not None:
            return (
                f"We had to rate limit your IP ({address}). To continue using our service, create a HF account or login to "
                "your existing account, and make sure you pass a HF_TOKEN if you're using the API."
            )
        minutes = f"{self.window / 60_000:g} minutes"
        return (
            f"We had to rate limit you, you hit the quota of {self.quota} api requests per {minutes} period. "
            "Upgrade to a PRO user or Team/Enterprise organization account (https://hf.co/pricing) to get higher limits. "
            "See https://huggingface.co/docs/hub/rate-limits"
        )


def rate_limit_from(value: object) -> RateLimit | None:
    """Read the setting: False, True (the Hub's quotas), or ``{requests: 5, window: "1m"}``.

    Raises:
        ValueError: it is something else; the message names it.
    """
    if isinstance(value, bool):
        return RateLimit() if value else None
    if not isinstance(value, Mapping):
        raise ValueError('rate_limit: give true, false, or a table such as { requests = 5, window = "1m" }')
    for word in value:
        if word not in ("requests", "window"):
            raise ValueError(
                f"rate_limit.{word}: unknown word{did_you_mean(str(word), ('requests', 'window'))}"
            )
    requests = value.get("requests")
    if requests is not None and (
        isinstance(requests, bool) or not isinstance(requests, int) or not 0 <= requests <= 1_000_000
    ):
        raise ValueError("rate_limit.requests: give a whole number of requests, from 0 to 1000000")
    try:
        window = milliseconds(value.get("window", WINDOW / 1000))
    except ValueError as error:
        raise ValueError(f"rate_limit.window: {error}") from None
    if not 1000 <= window <= 86_400_000 or window % 1000:
        raise ValueError("rate_limit.window: give whole seconds, at most a day")
    return RateLimit(requests, window)


def rate_limit_to(limit: RateLimit | None) -> bool | dict[str, object]:
    """The setting as `rate_limit_from` reads it."""
    if limit is None or limit == RateLimit():
        return limit is not None
    words: dict[str, object] = {} if limit.requests is None else {"requests": limit.requests}
    return {**words, "window": limit.window // 1000}
