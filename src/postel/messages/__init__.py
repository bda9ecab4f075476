"""Messages: compose and parse MIME, sign and verify, threads. Grammar: pure, no I/O.

Everything is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .dkim_sign import Signer
    from .questions import Asking, Found, Question, offline

__all__ = ["Asking", "Found", "Question", "Signer", "offline"]

_HOMES = {
    "dkim_sign": ("Signer",),
    "questions": ("Asking", "Found", "Question", "offline"),
}
"""Each module with the names that are taken from it; add yours sorted."""


def __getattr__(name: str) -> Any:
    """Load *name* from where it lives."""
    for module, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            value = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
