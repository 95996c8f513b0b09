"""``python -m fakejobs`` is ``fakejobs``."""

from fakejobs.cli import main

main(prog_name="fakejobs")
