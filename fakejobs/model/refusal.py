"""What the hub answers instead of doing what it was asked."""

from __future__ import annotations


class Refusal(Exception):
    """A use case that the hub refuses, with the status and the text that the Hub answers.

    Attributes:
        status: the HTTP status.
        message: the text of the body's ``error`` and of the ``X-Error-Message`` header.
        code: ``X-Error-Code``, where the Hub is known to send one.
        hint: what this fake has to add for people (never part of the Hub's answer; sent as ``X-Fakejobs-Hint``).
    """

    def __init__(
        self, status: int, message: str, *, code: str | None = None, hint: str | None = None
    ) -> None:
        self.status = status
        self.message = message
        self.code = code
        self.hint = hint
        super().__init__(f"{status}: {message}" + (f" ({hint})" if hint else ""))
