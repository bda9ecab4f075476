"""Public suffixes, from the list that browsers use (publicsuffix.org). Disk.

Loaded when the first cookie with a Domain comes: 3 MB and some ten milliseconds that most
programs do without. The list is the package's; none is fetched.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

__all__ = ["public_suffix"]


def public_suffix(host: str) -> str:
    """The part of *host* under which anybody may register a name.

    Args:
        host: lower case, in A-labels.

    Example:
        >>> public_suffix("shop.example.co.uk"), public_suffix("example.github.io")
        ('co.uk', 'github.io')
    """
    return _list().publicsuffix(host) or host


@cache
def _list() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
