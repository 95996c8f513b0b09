"""Requests to a server, as facts send them: with the token of the run, or another, or none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from fakejobs.contract.verify.findings import Comparing
from fakejobs.contract.verify.stream import Reading
from fakejobs.contract.verify.transport import Answer, Transport
from fakejobs.model.quirks import Quirks

GONE = "0" * 24
"""The id of no job."""

WEBHOOKS = "/api/settings/webhooks"


class Asking(Comparing):
    """Asks a server, and compares what it says.

    Args:
        transport: how it is reached.
        token: whose jobs they are.
        namespace: where jobs are submitted.
        quirks: what is expected where nothing is certain.
    """

    def __init__(self, transport: Transport, *, token: str, namespace: str, quirks: Quirks) -> None:
        super().__init__(quirks)
        self.namespace = namespace
        self._transport = transport
        self._token = token

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._transport.url

    @property
    def jobs_path(self) -> str:
        """``/api/jobs/{namespace}``."""
        return f"/api/jobs/{quote(self.namespace, safe='')}"

    def send(
        self,
        method: str,
        target: str,
        body: object = None,
        *,
        token: str | None = "",
        raw: bytes | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """One request to any path.

        Args:
            method: GET, POST, ...
            target: path and query.
            body: JSON to send; None: no body.
            token: another token; None: none.
            raw: bytes to send as body instead.
            content_type: what they are said to be.
        """
        payload = raw if raw is not None else None if body is None else json.dumps(body).encode()
        headers = self._headers(self._token if token == "" else token)
        if payload is not None:
            headers["Content-Type"] = content_type
        return self._transport.send(method, target, headers, payload)

    def get(self, path: str, **query: Sequence[str]) -> Answer:
        """GET below ``/api/jobs/{namespace}``; a query parameter has a list of values."""
        return self.send("GET", self._below(path, query))

    def put(self, path: str, body: object) -> Answer:
        """PUT below ``/api/jobs/{namespace}``."""
        return self.send("PUT", self._below(path), body)

    def follow(self, path: str, **query: Sequence[str]) -> Reading:
        """GET a stream below ``/api/jobs/{namespace}``; to be used in a ``with`` block."""
        headers = {**self._headers(self._token), "Accept": "text/event-stream"}
        return Reading(self._transport.follow(self._below(path, query), headers))

    def _below(self, path: str, query: Mapping[str, Sequence[str]] | None = None) -> str:
        search = urlencode([(name, value) for name, values in (query or {}).items() for value in values])
        return f"{self.jobs_path}{path}{'?' + search if search else ''}"

    def _headers(self, token: str | None) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": "fakejobs-verify"}
        return headers if token is None else {**headers, "Authorization": f"Bearer {token}"}
