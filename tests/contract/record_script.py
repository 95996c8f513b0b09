"""What the tests of recordings record: the real client, doing what its users do. Prints what it sees."""

from __future__ import annotations

from huggingface_hub import HfApi, fetch_job_logs, inspect_job, list_jobs, run_job, update_job_labels, whoami
from huggingface_hub.errors import HfHubHTTPError, JobNotFoundError

me = whoami()["name"]
print(me)
job = run_job(
    image="python:3.12",
    command=["python", "train.py", "--push-to", f"{me}/model"],
    flavor="a10g-small",
    timeout="9h",
    secrets={"KEY": "very-secret"},
    env={"EPOCHS": "3"},
    labels={"team": "vision"},
)
print(job.status.stage, job.flavor, job.owner.name)
for line in fetch_job_logs(job_id=job.id, follow=True):
    print("log:", line)
done = inspect_job(job_id=job.id)
print(done.status.stage, done.status.message, done.durations, done.secrets, done.id == job.id)
print(list(fetch_job_logs(job_id=job.id)))
print(update_job_labels(job_id=job.id, labels={"team": "audio"}).labels)
other = HfApi().run_job(image="python:3.12", command=["sleep", "1d"], labels={"name": "other"})
HfApi().cancel_job(job_id=other.id)
print([(each.status.stage, each.labels) for each in list_jobs()])
try:
    HfApi().cancel_job(job_id=other.id)
except HfHubHTTPError as error:
    print(type(error).__name__, error.response.status_code)
try:
    inspect_job(job_id="no-such-job")
except JobNotFoundError as error:
    print(type(error).__name__)
