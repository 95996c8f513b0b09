"""Makes a `JobInfo` of each body on stdin with whatever release of huggingface_hub runs this, for test_golden_payloads.py.

It prints what each has, as JSON: names of attributes and values, or the error.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from huggingface_hub import JobInfo


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if hasattr(value, "__dict__"):
        return {key: plain(each) for key, each in vars(value).items()}
    return value


def read(body: dict[str, Any]) -> Any:
    try:
        return plain(JobInfo(**body))
    except Exception as error:  # noqa: BLE001 - whatever the release raises
        return f"{type(error).__name__}: {error}"


print(json.dumps({name: read(body) for name, body in json.load(sys.stdin).items()}))
