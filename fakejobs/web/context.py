"""What a view knows of its request, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, TypeVar

import orjson
from flask import Response, request
from werkzeug.datastructures import Headers, MultiDict

from fakejobs.clock import Stream, WaitUntil
from fakejobs.drivers.threads import block_drive
from fakejobs.hub import FakeHub
from fakejobs.model.identity import Caller
from fakejobs.model.refusal import Refusal
from fakejobs.wire.decode import Invalid
from fakejobs.wire.dialects import NEWEST, Dialect
from fakejobs.wire.json_types import Json
from fakejobs.wire.read_json import BODY_LIMIT, BadJson, read_json
from fakejobs.wire.read_query import read_query
from fakejobs.wire.redact import redact
from fakejobs.wire.validate import problems

HUB_KEY = "fakejobs.hub"
"""Key of the WSGI environ under which the app finds its hub."""

DIALECT_KEY = "fakejobs.dialect"
"""Key of the WSGI environ under which the app finds how the client of a request is answered; without it, as of today."""

BODY_KEY = "fakejobs.body"
"""Key of the WSGI environ under which the journal finds the redacted body of a request that had one."""

JOURNAL_BODY_LIMIT = 65_536
"""Bytes of a body that the journal still shows; of a larger one it says the size."""

DRIVE_KEY = "fakejobs.drive"
"""Key of the WSGI environ under which a driver offers to drive streams; without it they block a thread."""

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Step = TypeVar("Step")

Drive = Callable[[Stream], Iterable[bytes]]
"""Takes a stream and gives what a WSGI server sends."""


def hub() -> FakeHub:
    """The hub of this request."""
    found: FakeHub = request.environ[HUB_KEY]
    return found


def dialect() -> Dialect:
    """How the client of this request is answered."""
    return dialect_in(request.environ)


def dialect_in(environ: WSGIEnvironment) -> Dialect:
    """The same, of a request that Flask does not have yet."""
    found: Dialect = environ.get(DIALECT_KEY, NEWEST)
    return found


def caller() -> Caller:
    """Who calls.

    Raises:
        Refusal: 401 without a token, or with an unknown one.
    """
    return hub_and_caller()[1]


def whoever() -> Caller | None:
    """Who calls; None without a token: whoever it is may still read what is public.

    Raises:
        Refusal: 401 for an unknown token.
    """
    found, token = hub(), token_of(request.environ)
    return None if token is None else found.caller(token)


def hub_and_caller() -> tuple[FakeHub, Caller]:
    """Both, for the calls that are made most often: `request` has its price.

    Raises:
        Refusal: as for `caller`.
    """
    environ = request.environ
    found: FakeHub = environ[HUB_KEY]
    return found, found.caller(token_of(environ))


def token_of(environ: WSGIEnvironment) -> str | None:
    """The bearer token of a request, or None."""
    kind, _, token = environ.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def json_body(*, empty: Json = None) -> Json:
    """The JSON body of the request, read with care.

    Args:
        empty: what stands for a body without a byte; None: one is needed.

    Raises:
        Refusal: 415 if it is said to be something else; the status of `BadJson` if it is not JSON or too large.
    """
    raw = raw_body(BODY_LIMIT)
    try:
        if raw and not request.is_json:
            raise BadJson(415, "Unsupported content type: send the body as application/json")
        if not raw and empty is not None:
            return empty
        if not raw:
            raise Refusal(400, "Invalid input: a JSON body is needed")
        body = read_json(raw)
    except BadJson as error:
        raise Refusal(error.status, error.sentence) from None
    # The journal remembers a thousand requests: large bodies would make it remember a gigabyte.
    request.environ[BODY_KEY] = redact(body) if len(raw) <= JOURNAL_BODY_LIMIT else f"<{len(raw):,} bytes>"
    return body


def raw_body(limit: int) -> bytes:
    """The body of the request, as it was sent.

    Args:
        limit: the most bytes it may have.

    Raises:
        Refusal: 413 for a body that is larger, 400 for one that cannot be read, or not to its end.
    """
    too_large = Refusal(413, f"Request body is too large: at most {limit:,} bytes are read")
    if (request.content_length or 0) > limit:
        raise too_large
    try:
        raw = request.stream.read(limit + 1)
    except OSError:  # werkzeug's, when the chunks of a body are none
        raise Refusal(400, "The body cannot be read: its chunks are malformed") from None
    if len(raw) > limit:
        raise too_large
    if len(raw) < (request.content_length or 0):  # a part of some lines may be whole lines
        raise Refusal(400, "The body cannot be read: it ends too soon")
    return raw


def query(piece: str) -> dict[str, Json]:
    """The query parameters of the request that ``piece`` knows, as of the day that its client is answered for.

    Raises:
        Invalid: they do not match the schema.
    """
    arguments: MultiDict[str, str] = request.args
    date = dialect().date
    values = read_query(piece, arguments.items(multi=True), date=date)
    if found := problems(piece, values, date=date):
        raise Invalid(found)
    return values


class JsonAnswer(Response):
    """An answer whose body is there as a whole, with its length: nothing is left for werkzeug to find out.

    Each is sent once, so its headers need no copy either. That saves a tenth of a call's time.
    """

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:  # noqa: ARG002 - werkzeug's signature
        """The headers, as they are."""
        return self.headers

    def get_app_iter(self, environ: WSGIEnvironment) -> Iterable[bytes]:
        """The body; of HEAD, none."""
        return () if environ["REQUEST_METHOD"] == "HEAD" else self.response  # type: ignore[return-value]  # a list of bytes


def json_answer(body: object, status: int = 200) -> Response:
    """A JSON answer, as Express writes it: compact, in UTF-8."""
    return JsonAnswer(orjson.dumps(body), status, content_type="application/json; charset=utf-8")


def answer(piece: str, body: object) -> Response:
    """A JSON answer that is an instance of ``piece``, in the shape that the client of this request gets."""
    return json_answer(dialect().body(piece, body))


def drive_of(environ: WSGIEnvironment) -> Drive:
    """What drives the streams of a request: its driver, or this thread."""
    drive: Drive | None = environ.get(DRIVE_KEY)
    return drive or block_drive(environ)


def stream_answer(
    steps: Generator[Step | WaitUntil, None, None], topic: str, encode: Callable[[Step], bytes]
) -> Response:
    """A stream of events, driven by whatever driver serves this request."""
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    if request.method == "HEAD":
        steps.close()
        return Response((), content_type="text/event-stream", headers=headers)
    stream = Stream(_encoded(steps, encode), topic, hub().clock)
    chunks = drive_of(request.environ)(stream)
    return Response(chunks, content_type="text/event-stream", headers=headers, direct_passthrough=True)


def _encoded(
    steps: Generator[Step | WaitUntil, None, None], encode: Callable[[Step], bytes]
) -> Generator[bytes | WaitUntil, None, None]:
    try:
        for step in steps:
            yield step if isinstance(step, WaitUntil) else encode(step)
    finally:
        steps.close()
