"""``python -m tests.benchmarks.bare BODY-FILE READY-FILE``: a Flask app with one route, on the server that `fakejobs serve` uses.

The yardstick: the same URL, the same bytes, the same server and bridge, and nothing behind the route.
"""

from __future__ import annotations

import sys
from pathlib import Path

from flask import Flask, Response

from fakejobs.drivers.server import listen, run


def bare_app(body: bytes) -> Flask:
    """An app that answers GET one job with ``body``."""
    app = Flask("bare", static_folder=None)

    @app.get("/api/jobs/<namespace>/<job_id>")
    def inspect(namespace: str, job_id: str) -> Response:
        return Response(body, content_type="application/json; charset=utf-8")

    return app


def _ready(path: Path, url: str) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(url)
    temporary.replace(path)


if __name__ == "__main__":
    body_file, ready_file = map(Path, sys.argv[1:])
    run(bare_app(body_file.read_bytes()), sock=listen(), on_ready=lambda url: _ready(ready_file, url))
