"""Launches trainings on Hugging Face Jobs: a small project such as anybody could have. It knows huggingface_hub and nothing else.

The tests beside it, in test_trainer.py, are how its authors would test it.
"""

from __future__ import annotations

from tests.downstream.trainer.budget import TooExpensive, cheapest_gpu, submit_within
from tests.downstream.trainer.launch import Result, TrainingFailed, run_or_cancel, train_until_it_works
from tests.downstream.trainer.logs import LogFollower
from tests.downstream.trainer.publish import finetune, train_into_new_repo

__all__ = [
    "LogFollower",
    "Result",
    "TooExpensive",
    "TrainingFailed",
    "cheapest_gpu",
    "finetune",
    "run_or_cancel",
    "submit_within",
    "train_into_new_repo",
    "train_until_it_works",
]
