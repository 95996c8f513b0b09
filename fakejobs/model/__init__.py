"""What a job is: pure, with no I/O, no clock and no Flask."""
