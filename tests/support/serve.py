"""``python -m tests.support.serve``: `fakejobs`, with every response checked against the schema."""

from fakejobs.cli import main
from tests.support.checked import check_all_responses

if __name__ == "__main__":
    check_all_responses()
    main(prog_name="fakejobs")
