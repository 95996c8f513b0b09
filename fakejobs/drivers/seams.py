"""Putting the in-process transport under the real client, through its own seams, and taking it away exactly.

Releases from 1.0 on have `set_client_factory` (over httpx, or httpx2 from 2.0 on), earlier ones `configure_http_backend` (over requests).
The developer's own token, cache folder and endpoint are hidden meanwhile; nothing of them is read.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from fakejobs.drivers.httpx_transport import Answer, make_transport
from fakejobs.drivers.requests_adapter import make_adapter
from fakejobs.errors import FakeJobsError
from fakejobs.parties import refuse_left_over

CLIENT = "huggingface_hub"


def client_installed() -> bool:
    """Whether huggingface_hub is there."""
    return importlib.util.find_spec(CLIENT) is not None


@contextmanager
def under_the_client(answer: Answer) -> Iterator[None]:
    """Let ``answer`` answer every request of huggingface_hub while the block runs.

    Raises:
        FakeJobsError: a release of the client that has neither seam.
    """
    client = importlib.import_module(CLIENT)
    http: Any = importlib.import_module(f"{CLIENT}.utils._http")
    if hasattr(client, "set_client_factory"):
        with _client_factory(client, http, answer):
            yield
    elif hasattr(client, "configure_http_backend"):
        with _http_backend(client, http, answer):
            yield
    else:
        raise FakeJobsError(
            f"huggingface_hub {client.__version__} has no seam for a transport that fakejobs knows; use fakejobs_server"
        )


@contextmanager
def _client_factory(client: Any, http: Any, answer: Answer) -> Iterator[None]:
    httpx: ModuleType = http.httpx2 if hasattr(http, "httpx2") else http.httpx
    before, session = http._GLOBAL_CLIENT_FACTORY, http._GLOBAL_CLIENT

    def factory() -> object:
        # As the client's own: no time limit of its own, redirects followed, no proxies of the environment.
        transport = make_transport(httpx, answer, httpx.HTTPTransport)
        return httpx.Client(transport=transport, follow_redirects=True, timeout=None, trust_env=False)

    close_session = http.close_session

    def begin_anew() -> None:
        # So a factory that is set meanwhile, which would open real connections, is never asked for a session.
        close_session()
        http._GLOBAL_CLIENT = factory()

    # The session that the user's code may hold must not be closed: set_client_factory would.
    http._GLOBAL_CLIENT = None
    client.set_client_factory(factory)
    http._GLOBAL_CLIENT = None  # a fake around this one has begun anew
    http.close_session = begin_anew
    try:
        yield
    finally:
        http.close_session = close_session
        client.set_client_factory(before)
        http._GLOBAL_CLIENT = session


@contextmanager
def _http_backend(client: Any, http: Any, answer: Answer) -> Iterator[None]:
    import requests

    before, sessions = http._GLOBAL_BACKEND_FACTORY, http._get_session_from_cache

    # By process and thread, as the client's own. A factory that is set meanwhile, which would open real connections, is not asked.
    @lru_cache
    def fake_session(process_id: int, thread_id: int) -> requests.Session:  # noqa: ARG001 - called by name
        return factory()

    def factory() -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        adapter = make_adapter(answer, requests.adapters.HTTPAdapter)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    http._get_session_from_cache = fake_session
    client.configure_http_backend(factory)
    try:
        yield
    finally:
        http._get_session_from_cache = sessions
        client.configure_http_backend(before)


def keep_left_over_threads_in() -> None:
    """Refuse what threads that are left over from a test still send: by then, the client has its own transport again.

    This stays for the rest of the process, and looks at nothing but who is sending. It is only done when a test has left a
    thread over; the next request of that thread would go to the real Hub.
    """
    if not client_installed():
        return
    http: Any = importlib.import_module(f"{CLIENT}.utils._http")
    if hasattr(http, "requests"):
        sender, method = http.requests.adapters.HTTPAdapter, "send"
    else:
        sender, method = (
            (http.httpx2 if hasattr(http, "httpx2") else http.httpx).HTTPTransport,
            "handle_request",
        )
    send = getattr(sender, method)
    if hasattr(send, "refuses_left_over_threads"):
        return

    @functools.wraps(send)
    def guarded(self: object, request: object, *args: object, **options: object) -> object:
        refuse_left_over()
        return send(self, request, *args, **options)

    guarded.refuses_left_over_threads = True  # type: ignore[attr-defined]  # a mark on a function
    setattr(sender, method, guarded)


_ENVIRONMENT = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "HF_XET_TELEMETRY_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}
_HIDDEN = ("HUGGING_FACE_HUB_TOKEN", "HF_OIDC_RESOURCE", "HF_HUB_DISABLE_IMPLICIT_TOKEN")
_FILES = {
    "HF_TOKEN_PATH": "token",
    "HF_STORED_TOKENS_PATH": "stored_tokens",
    "HF_HOME": "",
    "HF_HUB_CACHE": "hub",
    "HF_ASSETS_CACHE": "assets",
    "HF_XET_CACHE": "xet",
    "AGENT_HARNESSES_PATH": ".agent_harnesses.json",
    "CHECK_FOR_UPDATE_DONE_PATH": ".check_for_update_done",
    "CHECK_FOR_SKILL_UPDATE_DONE_PATH": ".check_for_skill_update_done",
}


@contextmanager
def hidden_settings(home: Path, token: str | None, endpoint: str | None = None) -> Iterator[dict[str, str]]:
    """Hide the developer's token, cache folder and settings while the block runs; gives the environment for a child process.

    Args:
        home: an empty folder to stand for ``HF_HOME``.
        token: what ``HF_TOKEN`` is meanwhile; None: nobody is logged in.
        endpoint: what ``HF_ENDPOINT`` is meanwhile, for child processes and for the client that is loaded; None: left alone.
    """
    # The client reads most settings when it is imported; were it imported under ours, it would keep them for ever.
    constants: Any = importlib.import_module(f"{CLIENT}.constants") if client_installed() else None
    wanted = {**_ENVIRONMENT, "HF_HOME": str(home)}
    if endpoint is not None:
        wanted["HF_ENDPOINT"] = endpoint
        wanted["NO_PROXY"] = wanted["no_proxy"] = "127.0.0.1,localhost"
    if token is not None:
        wanted["HF_TOKEN"] = token
    # Lists of what to put back instead of a stack of callbacks: every test pays for it.
    variables = {key: os.environ.get(key) for key in (*_HIDDEN, "HF_TOKEN", *wanted)}
    undo: list[tuple[Any, str, object]] = []
    try:
        for key in variables:
            _set_variable(key, wanted.get(key))
        if constants is not None:
            put(undo, constants, "HF_HUB_DISABLE_TELEMETRY", True)
            put(undo, constants, "HF_HUB_DISABLE_UPDATE_CHECK", True)
            put(undo, constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", False)
            for name, file in _FILES.items():
                put(undo, constants, name, f"{home}{os.sep}{file}" if file else str(home))
            if endpoint is not None:
                hf_api: Any = importlib.import_module(f"{CLIENT}.hf_api")
                put(undo, constants, "ENDPOINT", endpoint)
                put(undo, hf_api.api, "endpoint", endpoint)
        yield wanted
    finally:
        put_back(undo)
        for key, text in variables.items():
            _set_variable(key, text)


def put(undo: list[tuple[Any, str, object]], owner: Any, name: str, value: object) -> None:
    """Let an attribute of a module have another value, where there is one; `put_back` gives it its own again."""
    if hasattr(owner, name):
        undo.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)


def put_back(undo: list[tuple[Any, str, object]]) -> None:
    """Undo what `put` did."""
    for owner, name, before in reversed(undo):
        setattr(owner, name, before)


def _set_variable(key: str, value: str | None) -> None:
    if value is not None:
        os.environ[key] = value
    elif key in os.environ:
        del os.environ[key]


@contextmanager
def bridged(modules: Callable[[], list[ModuleType]], bridge: ModuleType) -> Iterator[Callable[[], None]]:
    """Replace the name ``time`` in modules where it is the module `time`, or the bridge of a fake around this one, while the block runs.

    It gives a function that does so in modules that have been loaded since, such as the client's command line.
    """
    import time

    replaced: list[tuple[ModuleType, object]] = []
    loaded = 0

    def replace() -> None:
        nonlocal loaded
        if loaded == (loaded := len(sys.modules)):
            return
        for module in modules():
            was = vars(module).get("time")
            if was is time or (isinstance(was, type(bridge)) and was is not bridge):
                replaced.append((module, was))
                module.time = bridge  # type: ignore[attr-defined]  # any module may have one

    try:
        replace()
        yield replace
    finally:
        for module, was in reversed(replaced):
            module.time = was  # type: ignore[attr-defined]  # as above


def client_modules() -> list[ModuleType]:
    """The modules of huggingface_hub through which calls of Jobs pass, as far as they are loaded."""
    if client_installed():
        importlib.import_module(f"{CLIENT}.hf_api")
    return [sys.modules[name] for name in _client_names(len(sys.modules)) if name in sys.modules]


@lru_cache(maxsize=1)
def _client_names(_modules_loaded: int) -> list[str]:
    # To look through all modules takes a third of a millisecond, which each test would pay.
    return [name for name in list(sys.modules) if name == CLIENT or name.startswith(f"{CLIENT}.")]
