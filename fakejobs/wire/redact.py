"""Taking secrets and tokens out of whatever is shown or kept: one function for every output."""

from __future__ import annotations

import re
from collections.abc import Mapping

HIDDEN = "<hidden>"

# Tokens of the Hub begin with hf_ (users) or api_org_ (organisations, of old). hf_hub/2.4.0 and hf_xet/1.8.0 are
# what the client calls itself in its User-Agent.
_TOKEN = re.compile(r"\b(?:hf_(?!(?:hub|xet)/)(?:oauth_|jwt_)?|api_org_)[A-Za-z0-9._-]{3,}")
_SECRET_KEYS = frozenset({"secrets", "tokens"})
_SECRET_WORDS = frozenset({"secret", "token", "authorization", "password", "digest"})


def redact(value: object) -> object:
    """A copy of a JSON value without secrets.

    By position: what stands under ``secrets`` or ``tokens`` (names are kept, ``<secret NAME>`` stands for a value) and under
    ``secret``, ``token``, ``authorization`` or ``password``. By look: tokens of the Hub, wherever they are.
    """
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return {redact_text(str(key)): _redact_member(str(key), each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(each) for each in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return float(value)  # what shows the copy has whole numbers of 64 bits, and JavaScript has no others
    return value


def redact_text(text: str) -> str:
    """``text`` with each token of the Hub in it replaced."""
    return _TOKEN.sub(HIDDEN, text) if "hf_" in text or "api_org_" in text else text


def _redact_member(key: str, value: object) -> object:
    lowered = key.lower()
    if lowered in _SECRET_KEYS:
        if isinstance(value, Mapping):
            names = [redact_text(str(name)) for name in value]
            return {name: f"<secret {name}>" for name in names}
        # A list under "secrets" is one of names, which may be shown; anything else is not what was meant to be sent.
        if (
            lowered == "secrets"
            and isinstance(value, (list, tuple))
            and all(isinstance(each, str) for each in value)
        ):
            return [redact_text(each) for each in value]
        return HIDDEN
    return HIDDEN if lowered in _SECRET_WORDS and value is not None else redact(value)
