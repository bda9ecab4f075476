"""Old modules under their old names, for programs that cannot be changed; only on request."""

from __future__ import annotations

import sys
from importlib import import_module

from ..errors import UsageError

__all__ = ["OLD_NAMES", "install"]

OLD_NAMES = ("nntplib", "telnetlib")
"""Modules that Python has lost and that are here."""


def install(*names: str) -> None:
    """Let ``import telnetlib`` and ``import nntplib`` find the modules of this package.

    It holds for this process, from now on, and also where Python still has its own.

    Args:
        names: which ones; none means all.

    Raises:
        UsageError: there is no such module.

    Example:
        >>> install("telnetlib")
        >>> import telnetlib
        >>> telnetlib.Telnet.__module__
        'postel.compat.telnetlib'
    """
    for name in names or OLD_NAMES:
        if name not in OLD_NAMES:
            raise UsageError(f"{name}: is no old module that is here",
                             hint=f"there are {', '.join(OLD_NAMES)}")
        sys.modules[name] = import_module(f"{__package__}.{name}")
