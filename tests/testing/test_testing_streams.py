"""`reads_streams` lets good readers through, and shows what bad ones make of which pieces."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

import pytest

from fakejobs.testing import reads_streams
from tests.support.sse import read_events


def by_the_standard(chunks: Iterable[bytes]) -> Iterator[str]:
    for event in read_events(chunks):
        yield event["data"]


def lines_of(text: str) -> Iterator[str]:
    """What a reader finds that knows only what the Hub sends."""
    for line in text.split("\n"):
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))["data"]


def whole(chunks: Iterable[bytes]) -> Iterator[str]:
    yield from lines_of(b"".join(chunks).decode())


def test_a_reader_by_the_standard_is_right() -> None:
    reads_streams(by_the_standard)
    reads_streams(by_the_standard, any_sse=True)


def test_a_reader_of_what_the_hub_sends_may_not_read_everything_that_the_standard_allows() -> None:
    reads_streams(whole)
    with pytest.raises(AssertionError, match=r"^lines\[\d+\] is |^the reader raised "):
        reads_streams(whole, any_sse=True)


def test_a_reader_that_decodes_piece_by_piece_is_right() -> None:
    def reader(chunks: Iterable[bytes]) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")()
        buffer = ""
        for chunk in chunks:
            *events, buffer = (buffer + decoder.decode(chunk)).split("\n\n")
            for event in events:
                yield from lines_of(event)

    reads_streams(reader)


def test_events_instead_of_lines() -> None:
    reads_streams(read_events, yields="events", any_sse=True)

    def without_fractions(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
        for event in read_events(chunks):
            yield {**event, "timestamp": event["timestamp"][:19] + "Z"}

    with pytest.raises(AssertionError, match=r"^events\[1\]\.timestamp is mangled: it was '\S+\.000Z'"):
        reads_streams(without_fractions, yields="events")


def test_a_reader_may_leave_the_start_of_the_job_out() -> None:
    def reader(chunks: Iterable[bytes]) -> Iterator[str]:
        return (line for line in by_the_standard(chunks) if not line.startswith("===== Job started"))

    reads_streams(reader, start_line=False)
    with pytest.raises(AssertionError, match=r"^lines\[0\] is lost: it was '===== Job started at "):
        reads_streams(reader)


def test_a_reader_that_cuts_characters_is_caught() -> None:
    def reader(chunks: Iterable[bytes]) -> Iterator[str]:
        yield from lines_of("".join(chunk.decode(errors="replace") for chunk in chunks))

    with pytest.raises(
        AssertionError, match=r"^lines\[\d\] is mangled: it was '.*', and became '.*�"
    ) as caught:
        reads_streams(reader)
    message = str(caught.value)
    assert message.count("\nb'") == 2, "two pieces are enough to show it"
    assert "\nThe simplest stream with that, in 2 pieces:\n" in message
    assert message.endswith("\nThe first ends inside a character. In one piece the reader gets it right.")


def test_a_reader_that_cannot_decode_half_a_character_is_caught() -> None:
    def reader(chunks: Iterable[bytes]) -> Iterator[str]:
        yield from lines_of("".join(chunk.decode() for chunk in chunks))

    with pytest.raises(AssertionError, match=r"^the reader raised UnicodeDecodeError: ") as caught:
        reads_streams(reader)
    assert isinstance(caught.value.__cause__, UnicodeDecodeError)


def test_a_reader_that_takes_a_piece_for_lines_is_caught() -> None:
    def reader(chunks: Iterable[bytes]) -> Iterator[str]:
        for chunk in chunks:
            yield from lines_of(chunk.decode(errors="ignore"))

    with pytest.raises(
        AssertionError, match=r"(?s)\nThe first ends (inside a line|with a line)\. In one piece"
    ):
        reads_streams(reader)


def test_a_reader_that_cannot_wait_for_the_other_half_of_a_crlf_is_caught() -> None:
    def reader(chunks: Iterable[bytes]) -> Iterator[str]:
        """`bytes.splitlines` on each piece with what was left of the one before, as `requests` does it."""
        rest, data = b"", []
        for chunk in chunks:
            lines = (rest + chunk).splitlines()
            rest = b"" if chunk.endswith((b"\r", b"\n")) else lines.pop()
            for line in lines:
                text = line.decode().removeprefix("\ufeff")
                if text.startswith("data:"):
                    data.append(text[5:])
                if not text and data:
                    yield json.loads("\n".join(data))["data"]
                    data = []

    reads_streams(reader)
    with pytest.raises(AssertionError, match=r"\nThe first ends between CR and LF\."):
        reads_streams(reader, any_sse=True)


def test_a_reader_that_strips_is_caught() -> None:
    with pytest.raises(
        AssertionError, match=r"^lines\[\d\] is mangled: it was '.*', and became '.*'\n.* in one piece:\nb'"
    ):
        reads_streams(lambda chunks: (line.strip() for line in by_the_standard(chunks)))


def test_a_reader_that_gives_keep_alives_is_caught() -> None:
    def reader(chunks: Iterable[bytes]) -> Iterator[str]:
        for line in b"".join(chunks).decode().split("\n"):
            if line.startswith("data: "):
                yield from lines_of(line)
            elif line:
                yield line

    with pytest.raises(AssertionError, match=r"^lines\[\d\] is invented: ': keep-alive'\n"):
        reads_streams(reader)


def test_a_reader_that_leaves_empty_lines_out_is_caught() -> None:
    with pytest.raises(AssertionError, match=r"^lines\[\d\] is lost: it was ''\n"):
        reads_streams(lambda chunks: filter(None, by_the_standard(chunks)))


def test_a_reader_that_gives_what_was_cut_off_is_caught() -> None:
    def reader(chunks: Iterable[bytes]) -> Iterator[str]:
        yield from by_the_standard([*chunks, b"\n\n"])

    with pytest.raises(AssertionError, match=r"^lines\[\d\] is invented: 'cut off'\n|raised JSONDecodeError"):
        reads_streams(reader, any_sse=True)


def test_text_input_of_the_standard_library_reads_what_the_hub_sends() -> None:
    def reader(chunks: Iterable[bytes]) -> Iterator[str]:
        for line in io.TextIOWrapper(io.BytesIO(b"".join(chunks)), encoding="utf-8", newline="\n"):
            yield from lines_of(line.rstrip("\n"))

    reads_streams(reader)


def test_a_reader_without_end_is_stopped() -> None:
    with pytest.raises(AssertionError, match=r"^lines\[\d+\] is "):
        reads_streams(lambda _chunks: map(str, count()))


def test_a_reader_that_gives_nothing_at_all() -> None:
    with pytest.raises(
        AssertionError, match=r"^the reader raised TypeError: 'NoneType' object is not iterable"
    ):
        reads_streams(lambda _chunks: None)  # type: ignore[arg-type, return-value]  # somebody forgot to return


def test_long_pieces_are_shown_in_short() -> None:
    def reader(chunks: Iterable[bytes]) -> Iterator[str]:
        for line in by_the_standard(chunks):
            if len(line) >= 5_000:  # an assert would show all of it under -vv
                raise ValueError("too long")
            yield line

    with pytest.raises(AssertionError, match=r"^the reader raised ValueError") as caught:
        reads_streams(reader)
    assert len(str(caught.value)) < 2_000


# ----------------------------------------------------------------------------------------- real readers


def test_the_reader_of_huggingface_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    http = pytest.importorskip("huggingface_hub.utils._http")
    client = getattr(http, "httpx2", None) or http.httpx
    pieces: list[Iterator[bytes]] = []

    class Body(client.SyncByteStream):  # type: ignore[misc, name-defined]  # httpx2, or httpx in older releases
        def __iter__(self) -> Iterator[bytes]:
            return pieces[-1]

    def answer(_request: object) -> object:
        return client.Response(200, headers={"Content-Type": "text/event-stream"}, stream=Body())

    session = client.Client(transport=client.MockTransport(answer))
    monkeypatch.setattr("huggingface_hub.hf_api.get_session", lambda: session)

    def reader(chunks: Iterator[bytes]) -> Iterable[str]:
        pieces.append(chunks)
        logs: Iterable[str] = hub.HfApi(token="hf_any").fetch_job_logs(job_id="0" * 24, namespace="me")
        return logs

    reads_streams(reader, start_line=False)
    # It looks for `data: {` and splits lines where Python does, at U+2028 too: that is more than the standard says.
    with pytest.raises(AssertionError):
        reads_streams(reader, start_line=False, any_sse=True)
    session.close()
