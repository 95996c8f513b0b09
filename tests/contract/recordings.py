"""Recording what a server in this process answers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakejobs.clock import Anchor
from fakejobs.contract.proxy import proxy_app
from fakejobs.contract.recorder import Recorder
from fakejobs.contract.recording import Recording
from fakejobs.contract.recording_files import read_recordings
from fakejobs.contract.upstream import Upstream
from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import settings_from
from fakejobs.model.units import milliseconds
from fakejobs.web.app import wsgi_app
from tests.support.raw import Answer, ask

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

START = 1_780_000_000_000
JOB = {"flavor": "cpu-basic", "dockerImage": "python:3.12", "command": ["python", "train.py"]}


@contextlib.contextmanager
def recording(upstream: str, folder: Path) -> Iterator[str]:
    """The address of a proxy that records ``upstream``; the files are complete when the block ends."""
    recorder = Recorder(folder, [upstream])
    try:
        with serve_in_thread(proxy_app(Upstream.at(upstream), recorder)) as proxy:
            recorder.add_place(proxy.url)
            yield proxy.url
    finally:
        recorder.close()


def recorded(app: WSGIApplication, folder: Path, play: Callable[[str], object]) -> list[Recording]:
    """Record what ``play`` asks an app for; it gets the address."""
    with serve_in_thread(app) as server, recording(server.url, folder) as url:
        play(url)
    return read_recordings(folder)


class Player:
    """Plays a day with a hub through a proxy, in frozen time."""

    def __init__(self, hub: FakeHub, url: str) -> None:
        self.hub = hub
        self.url = url
        self.me = str(self.get("/api/whoami-v2").json()["name"])

    def get(self, path: str) -> Answer:
        return ask(self.url, "GET", path)

    def post(self, path: str, body: object = None) -> Answer:
        return ask(self.url, "POST", path, body)

    def wait(self, length: str) -> None:
        """Let that much time pass."""
        self.hub.clock.advance(milliseconds(length))

    def submit(self, **more: object) -> str:
        return str(self.post(f"/api/jobs/{self.me}", {**JOB, **more}).json()["id"])

    def submit_raw(self, body: object) -> Answer:
        return self.post(f"/api/jobs/{self.me}", body)

    def submit_in_process(self) -> None:
        """A job that nobody records."""
        self.hub.submit(self.hub.caller("hf_any"), self.me, {**JOB, "environment": {}})

    def job(self, job_id: str, rest: str = "") -> Answer:
        return self.get(f"/api/jobs/{self.me}/{job_id}{rest}")

    def list(self, query: str = "") -> Answer:
        return self.get(f"/api/jobs/{self.me}{query}")


def record_day(folder: Path, play: Callable[[Player], object], **words: object) -> Path:
    """Record what ``play`` does with a fake; ``words`` are its settings, as in a scenario file."""
    hub = FakeHub(settings=settings_from(words), anchor=Anchor(START, START, frozen=True))
    with contextlib.closing(hub):
        recorded(wsgi_app(hub), folder, lambda url: play(Player(hub, url)))
    return folder


def texts(folder: Path) -> str:
    """Everything in a directory of recordings, with the names of the files."""
    return "\n".join(f"{file.name}\n{file.read_text('utf-8')}" for file in sorted(folder.iterdir()))


def change(folder: Path, name: str, how: Callable[[Any], object]) -> None:
    """Change the one file whose name has ``name`` in it; ``how`` gets its JSON, and changes it."""
    (file,) = [file for file in folder.iterdir() if name in file.name]
    value = json.loads(file.read_text("utf-8"))
    how(value)
    file.write_text(json.dumps(value, indent=2, ensure_ascii=False), encoding="utf-8")
