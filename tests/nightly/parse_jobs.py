"""Run by the Python of a client release: parses the jobs on stdin with its own `JobInfo`, and says how that went."""

import json
import sys

import huggingface_hub
from huggingface_hub import JobInfo

parsed, failure = 0, None
for line in sys.stdin:
    payload = json.loads(line)
    try:
        job = JobInfo(**payload)
        stage = getattr(job.status.stage, "value", job.status.stage)
        assert (job.id, stage) == (payload["id"], payload["status"]["stage"]), "another job"
        assert job.owner.name == payload["owner"]["name"], "another owner"
        parsed += 1
    except Exception as error:  # noqa: BLE001 - whatever this release makes of it is reported
        failure = failure or f"{type(error).__name__}: {error}: {line[:2000]}"
print(json.dumps({"parsed": parsed, "release": huggingface_hub.__version__, "failure": failure}))
