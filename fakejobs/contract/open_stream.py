"""A stream of the fake that is followed while it is held against a recorded one."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from fakejobs.clock import Step, WaitUntil
from fakejobs.contract.differences import Difference, Ids, differences
from fakejobs.contract.learned import events_of
from fakejobs.contract.recording import Recording
from fakejobs.wire.json_types import Json
from fakejobs.wire.paths import join_index
from fakejobs.wire.schema import Route


@dataclass
class OpenStream:
    """A stream of the fake, and the recorded one that it is held against."""

    recording: Recording
    route: Route
    steps: Generator[Step, None, None]
    recorded: list[tuple[str, str]]
    fake: list[tuple[str, str]] = field(default_factory=list)
    ended: bool = False
    waits_for: int = 0

    @property
    def most(self) -> int:
        """How many events of the fake are needed: one more than recorded shows what is too much."""
        if self.route.name == "metrics":
            return min(len(self.recorded), 1)
        response = self.recording.exchange.response
        return len(self.recorded) + (response.cut is None and not response.truncated)

    def step(self) -> None:
        """Take what there is by now."""
        while not self.ended and len(self.fake) < self.most:
            step = next(self.steps, None)
            if isinstance(step, WaitUntil):
                self.waits_for = step.instant
                return
            if isinstance(step, bytes):
                frames = step.decode().split("\n\n")
                self.fake += [event for event in map(events_of, frames) if event is not None]
            else:
                self.ended = True
        self.ended = self.ended or len(self.fake) >= self.most
        self.steps.close()

    def differences(self, ids: Ids) -> Iterator[Difference]:
        """Where the recorded stream and the fake's differ."""
        response = self.recording.exchange.response
        fake = self.fake
        if self.route.name == "metrics":  # a sample is like another
            fake = fake[:1] * len(self.recorded)
        for index, ((recorded_name, one), (name, other)) in enumerate(zip(self.recorded, fake, strict=False)):
            place = join_index("frames", index)
            if recorded_name != name:
                yield place, f"recorded an event of the kind {said(recorded_name)}, fake {said(name)}"
            yield from differences(_json(one), _json(other), ids, place)
        if len(fake) < len(self.recorded):
            yield (
                join_index("frames", len(fake)),
                f"recorded {len(self.recorded)} events, fake {len(fake)}: {self.recorded[len(fake)][1][:200]} is missing",
            )
        elif len(fake) > len(self.recorded) and response.cut is None and not response.truncated:
            yield (
                join_index("frames", len(self.recorded)),
                f"recorded the end, fake goes on with {fake[len(self.recorded)][1][:200]}",
            )
        elif response.cut is None and not response.truncated and not self.ended:
            yield "frames", "recorded the end, fake does not end"


def said(text: str | None) -> str:
    """A text as a finding shows it; None: nothing was said."""
    return "nothing" if text is None else json.dumps(text[:300])


def _json(text: str) -> Json:
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return value
