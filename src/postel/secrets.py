"""Secrets that do not show, and the redaction of dialogues.

A password lives in a `Secret` from the moment it is known to the moment its bytes are put on the
wire. Everything that prints (repr, str, format, logging, tracebacks that show locals) sees `***`.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import NoReturn

__all__ = ["HIDDEN", "Secret", "password_from"]

HIDDEN = "***"


class Secret:
    """A string that prints as ``***``; only `reveal` gives it away.

    Example:
        >>> secret = Secret("hunter2")
        >>> print(secret, repr(secret), f"{secret}", secret.reveal() == "hunter2")
        *** Secret(***) *** True
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled: pass it on another way")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def password_from(value: str | Secret | Callable[[], str | Secret] | None) -> Secret | None:
    """Turn what a caller gave as ``password=`` into a `Secret`; call it if it is callable.

    Example:
        >>> password_from(lambda: "swordfish")
        Secret(***)
    """
    if callable(value):
        value = value()
    return Secret(value) if isinstance(value, str) else value
