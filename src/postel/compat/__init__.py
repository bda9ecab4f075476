"""Postel for programs that speak other interfaces: `fsspec`, and modules that Python has lost.

`install("telnetlib")` lets programs that cannot be changed find them under their old names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .old_names import install

__all__ = ["install"]


def __getattr__(name: str) -> Any:
    """Load it on first use."""
    if name != "install":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .old_names import install

    return install
