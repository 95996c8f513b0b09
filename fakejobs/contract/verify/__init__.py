"""The verified fake: facts about Jobs that hold for fakejobs, and can be put to any other server.

Each fact is one function over a `fakejobs.contract.verify.probe.Probe`; the tests of fakejobs run it against the fake, and
``fakejobs contract verify`` against the Hub, or another fakejobs.
"""
