"""A package that waits in every way, as somebody's own code would."""
