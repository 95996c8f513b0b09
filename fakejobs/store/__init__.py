"""Where a hub keeps its rows: stdlib SQLite, in memory or in a file.

Plain functions over one connection, with ``?`` placeholders, no JSON functions and no order by row number. Nothing here locks: the hub holds
its one lock for the length of a use case.
"""
