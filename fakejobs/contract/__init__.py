"""Holding fakejobs against what the Hub says and does: its OpenAPI document, its answers, recordings of both.

`fakejobs.contract.commands` has the commands. Whatever finds something says so as a `Finding`, and one printer prints them.
"""

from __future__ import annotations

from fakejobs.contract.findings import Finding, in_json, print_findings

__all__ = ["Finding", "in_json", "print_findings"]
