"""The page about local scripts is true: its example runs, its figures are those of the code, and it names what there is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from werkzeug.test import Client

from fakejobs.hub.datasets import COMMIT_LIMIT
from fakejobs.model.xet import MOST_CHUNKS, MOST_SHARD_CHUNKS, MOST_XORB_BYTES, OUR_CHUNK_BYTES
from fakejobs.store.files import MOST_BYTES
from fakejobs.uv import UvRun
from fakejobs.web.app import create_app
from fakejobs.wire.read_json import BODY_LIMIT
from tests.conftest import TOKEN

PAGE = (Path(__file__).parents[1] / "fakejobs/docs/uv.md").read_text(encoding="utf-8")


def test_its_test_passes(pytester: pytest.Pytester) -> None:
    pytest.importorskip("huggingface_hub")
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    pytester.makepyfile("from huggingface_hub import run_uv_job\n\n" + example)
    plain = ("-p", "no:randomly", "-p", "no:asyncio", "-W", "ignore::UserWarning")
    pytester.runpytest_inprocess(*plain).assert_outcomes(passed=1)


@pytest.mark.parametrize("name", [field.name for field in fields(UvRun)])
def test_every_attribute_is_documented(name: str) -> None:
    table = PAGE.partition("| attribute of `uv` | is |")[2].partition("\n\n")[0]
    assert f"`{name}`" in table


def test_every_route_of_datasets_is_documented() -> None:
    rules = [rule for rule in create_app().url_map.iter_rules() if rule.endpoint.startswith("datasets.")]
    table = (
        PAGE.partition("## Routes")[2].partition("\n\n## ")[0].replace("{revision}", "").replace("main", "")
    )
    for rule in rules:
        last = rule.rule.replace("<revision>", "").replace("<path:path>", "").rstrip("/").rpartition("/")[2]
        known = last if not last.startswith("<") else "/api/datasets/{namespace}/{name}"
        assert known in table, rule.rule
        assert set(rule.methods or ()) & {"GET", "POST"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", "/api/buckets/fake-user/b", 501),
        ("PUT", "/api/buckets/fake-user/b/settings", 501),
        ("GET", "/api/buckets/fake-user", 501),
        ("DELETE", "/api/repos/delete", 501),
        ("GET", "/api/models/a/b", 501),
        ("POST", "/api/datasets/fake-user/d/branch/x", 501),
        ("GET", "/buckets/fake-user/b", 404),
        ("GET", "/datasets/fake-user/d", 404),
        ("PUT", "/buckets/fake-user/b/resolve/x", 405),
        ("POST", "/datasets/fake-user/d/resolve/main/x", 405),
        ("GET", "/_xet/x/v1/chunks/default/y", 404),
    ],
)
def test_what_else_is_answered(web: Client, method: str, path: str, status: int) -> None:
    assert web.open(path, method=method, headers=TOKEN).status_code == status


def test_its_figures() -> None:
    assert (MOST_BYTES, BODY_LIMIT) == (64 * 1024 * 1024, 1024 * 1024)
    assert "keeps 64 MiB of files" in PAGE
    assert "at most 1 MiB" in PAGE
    assert (MOST_CHUNKS, MOST_XORB_BYTES, MOST_SHARD_CHUNKS) == (8_192, 256 * 1024 * 1024, 65_536)
    assert "at most 8,192 chunks, and 256 MiB when unpacked" in PAGE
    assert "65,536 chunks together" in PAGE
    assert OUR_CHUNK_BYTES == 64 * 1024
    assert "every 64 KiB" in PAGE
    assert COMMIT_LIMIT > MOST_BYTES * 4 / 3, "what a hub keeps can be committed at once"
