"""SSH: what SFTP (and later terminals and commands) stand on.

    >>> from postel.ssh import SSHOptions
    >>> SSHOptions(jump="gate.example.org").backend
    'auto'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .types import Backend, SSHOptions

__all__ = ["Backend", "SSHOptions"]

_HOMES = {"Backend": ".types", "SSHOptions": ".types"}


def __getattr__(name: str) -> Any:
    """Load a value on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
