"""Every client release against the API of every date that matters: ``python -m tests.matrix``."""
