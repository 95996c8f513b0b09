"""Uploads files into a bucket and downloads them again with whatever release of huggingface_hub runs this, for test_buckets.py.

It needs nothing but the client, and prints what it saw as JSON.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub

# As of the release, whichever it is: a type checker knows one only.
hub: Any = huggingface_hub
BUCKET = "fake-user/data"


def tried(call: Callable[[], Any]) -> Any:
    """What a call gives, or the error that it ends in."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - whatever the release raises
        return type(error).__name__


def main(folder: Path) -> None:
    api = hub.HfApi()
    large = random.Random(0).randbytes(1_500_000) + b"many times the same " * 75_000  # 3 MB, half of it dense
    files = {
        "one.py": b"x",
        "large.bin": large,
        "ünï/日本 %41.py": "print('ü')\n".encode(),
        "again.bin": large,
        "empty": b"",
    }
    seen: dict[str, Any] = {"release": hub.__version__}
    seen["unknown"] = tried(lambda: api.bucket_info(BUCKET))
    seen["made"] = [api.create_bucket(BUCKET, private=True, exist_ok=ok).bucket_id for ok in (False, True)]
    seen["made again"] = tried(lambda: api.create_bucket(BUCKET))
    api.batch_bucket_files(BUCKET, add=[(data, name) for name, data in files.items()])

    paths = {}
    for number, (name, data) in enumerate(files.items()):
        paths[name] = folder / str(number)
        paths[name].write_bytes(data)
    api.batch_bucket_files(BUCKET, add=[(str(path), f"files/{name}") for name, path in paths.items()])

    tree = [each for each in api.list_bucket_tree(BUCKET, recursive=True) if each.type == "file"]
    seen["tree"] = {each.path: each.size for each in tree}
    seen["top"] = sorted(f"{each.type} {each.path}" for each in api.list_bucket_tree(BUCKET, recursive=False))
    seen["known"] = sorted(each.path for each in api.get_bucket_paths_info(BUCKET, [*files, "none"]))
    names = {name: name.rpartition("files/")[2] for name in seen["tree"]}
    targets = {name: folder / "down" / name for name in names}
    api.download_bucket_files(BUCKET, [(name, str(path)) for name, path in targets.items()])
    seen["different"] = [name for name in names if targets[name].read_bytes() != files[names[name]]]
    api.download_bucket_files(BUCKET, [(tree[0], str(folder / "first"))])
    seen["first"] = (folder / "first").read_bytes() == files[names[tree[0].path]]

    seen["wrong"] = tried(lambda: api.batch_bucket_files(BUCKET, copy=[("bucket", BUCKET, "ab" * 32, "x")]))
    api.batch_bucket_files(BUCKET, delete=["one.py", "never there"])
    seen["kept"] = len(list(api.list_bucket_tree(BUCKET, recursive=True)))
    info = api.bucket_info(BUCKET)
    seen["info"] = [info.id, info.private, info.size, info.total_files]
    print(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
