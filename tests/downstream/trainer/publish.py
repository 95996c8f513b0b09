"""Jobs that need something else of the Hub: a repository for the model, a script from this machine."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import JobInfo, create_repo, get_token, run_job, run_uv_job

SCRIPT = Path(__file__).with_name("finetune.py")


def train_into_new_repo(name: str) -> tuple[str, JobInfo]:
    """Make a private repository, and train a model that is pushed there."""
    repo = create_repo(name, private=True, exist_ok=True)
    job = run_job(
        image="python:3.12",
        command=["python", "train.py", "--push-to", repo.repo_id],
        env={"MODEL_REPO": repo.repo_id},
        secrets={"HF_TOKEN": get_token()},
        flavor="t4-small",
    )
    return repo.repo_id, job


def finetune(dataset: str, *, flavor: str = "a10g-large") -> JobInfo:
    """Run the script finetune.py, which lies beside this file, on a dataset."""
    job: JobInfo = run_uv_job(
        str(SCRIPT),
        script_args=["--dataset", dataset],
        dependencies=["trl", "datasets"],
        python="3.12",
        flavor=flavor,
        timeout="4h",
        secrets={"HF_TOKEN": get_token()},
    )
    return job
