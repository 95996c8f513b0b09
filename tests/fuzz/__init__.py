"""Requests and files that nobody in their right mind would send: schemathesis, and bytes out of Hypothesis.

Ordinary runs take a stated number of examples, always the same ones. ``python -m tests.nightly fuzz`` takes more, and others
each time. schemathesis runs in a process of its own (`tests.fuzz.contract`): what it changes in Hypothesis is for the whole
process, and would take the values out of the failing examples of all other tests.
"""
