"""Generated streams: what is in them is what a reader by the standard finds, however they are cut."""

from __future__ import annotations

import json
from itertools import accumulate

from hypothesis import find, given, settings

from fakejobs.generate.source import Seeded
from fakejobs.generate.streams import StreamCase, log_line, sse_stream
from fakejobs.model.logs import LogEntry
from fakejobs.model.times import from_iso
from fakejobs.strategies import log_lines, sse_streams
from fakejobs.wire.sse import log_frames
from tests.nightly.others import check_line, check_stream

MANY = 1500


def many(any_sse: bool) -> list[StreamCase]:
    source = Seeded(7)
    return [sse_stream(source, any_sse) for _ in range(MANY)]


@given(sse_streams())
def test_a_reader_by_the_standard_finds_the_events(stream: StreamCase) -> None:
    check_stream(stream)


@given(sse_streams(any_sse=True))
def test_also_in_every_form_that_the_standard_allows(stream: StreamCase) -> None:
    check_stream(stream)


@given(sse_streams())
def test_the_first_line_is_the_start_of_the_job(stream: StreamCase) -> None:
    assert stream.lines[0].startswith("===== Job started at ")


def test_frames_are_those_of_this_fake_or_the_same_json_in_utf_8() -> None:
    ours = 0
    for stream in many(any_sse=False):
        frames = stream.body.replace(b": keep-alive\n\n", b"")
        entries = [
            LogEntry(from_iso(event["timestamp"]), event["data"], index == 0)
            for index, event in enumerate(stream.events)
        ]
        wanted = log_frames(entries)
        ours += frames == wanted
        # JSON may be escaped or not, and is otherwise the same.
        assert [json.loads(frame[6:]) for frame in frames.split(b"\n\n")[:-1]] == [
            json.loads(frame[6:]) for frame in wanted.split(b"\n\n")[:-1]
        ]
    assert MANY / 3 < ours < MANY


def test_what_the_hub_was_never_seen_to_send_comes_only_when_asked_for() -> None:
    for stream in many(any_sse=False):
        for line in stream.body.decode().splitlines():
            assert line in ("", ": keep-alive") or line.startswith('data: {"data":'), line


def test_pieces_end_everywhere() -> None:
    seen = set()
    for stream in many(any_sse=True):
        body = stream.body
        if len(stream.chunks) == 1:
            seen.add("not at all")
        if len(stream.chunks) == len(body):
            seen.add("byte by byte")
        for cut in list(accumulate(map(len, stream.chunks)))[:-1]:
            before, after = body[:cut], body[cut:]
            if after[0] & 0xC0 == 0x80:
                seen.add(f"in a character, {len(before) - len(before.rstrip(bytes(range(0x80, 0xC0))))} on")
            if before.endswith(b"\r") and after.startswith(b"\n"):
                seen.add("CR LF")
            if before.endswith(b"\n") and after.startswith(b"\n"):
                seen.add("in the empty line")
            if before.endswith(b"dat") and after.startswith(b"a:"):
                seen.add("in a name")
            if before.endswith(b"\\") and after.startswith(b"u"):
                seen.add("in an escape")
            if before.endswith(b"\xef\xbb") and len(before) == 2:
                seen.add("in the byte order mark")
    assert seen == {
        *("not at all", "byte by byte", "CR LF", "in the empty line", "in a name", "in an escape"),
        *("in the byte order mark", "in a character, 0 on", "in a character, 1 on", "in a character, 2 on"),
    }


def test_every_form_of_the_standard_comes() -> None:
    bodies = [stream.body for stream in many(any_sse=True)]
    forms = {
        "CRLF": b"\r\n\r\n", "CR": b"\r\r", "no space": b'data:{"data"', "two spaces": b'data:  {"data"', "several lines": b"data: }",
        "comment": b":x", "event": b"event: message", "id": b"id: 7", "retry": b"retry: 10", "no event": b"event: ping\n\n",
        "byte order mark": b"\xef\xbb\xbf", "cut off": b'"cut', "as it is": "\u2028".encode(),
    }  # fmt: skip
    assert [name for name, form in forms.items() if not any(form in body for body in bodies)] == []
    assert any(body.endswith(b"}") for body in bodies), "cut off without a line break"


def test_lines_are_all_that_programs_print() -> None:
    source = Seeded(7)
    lines = [log_line(source) for _ in range(MANY * 3)]
    together = "".join(lines)
    for sample in ("\x1b[32m", "\r 10%", "\x00", "\u2028", "\x85", "\t", "👩\u200d🚀", "data: ", "id: 7"):
        assert sample in together
    assert "" in lines
    assert any(line.startswith(" ") for line in lines)
    assert any(line.startswith(":") for line in lines)
    assert max(len(line.encode()) for line in lines) >= 65_536
    assert "\n" not in together


@given(log_lines())
def test_a_line_is_one_line(line: str) -> None:
    check_line(line)


def is_torn(stream: StreamCase) -> bool:
    return any(chunk[0] & 0xC0 == 0x80 for chunk in stream.chunks)


def test_the_simplest_stream_is_small() -> None:
    quick = settings(database=None, derandomize=True)
    stream = find(sse_streams(), lambda _: True, settings=quick)
    assert (len(stream.chunks), len(stream.events)) == (1, 1)
    torn = find(sse_streams(), is_torn, settings=settings(quick, max_examples=2000))
    assert len(torn.chunks) == 2
    assert len(torn.events) <= 3
    assert len(torn.body) < 600
