"""What runs in the job. No test runs it."""

from __future__ import annotations

import argparse


def main() -> None:
    """Fine-tune a model on ``--dataset``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--dataset", required=True)
    print(f"fine-tuning on {parser.parse_args().dataset}")


if __name__ == "__main__":
    main()
