"""The organisational domain of a name, by the list of public suffixes (RFC 7489 3.2). Disk."""

from __future__ import annotations

from ..http.suffixes import public_suffix

__all__ = ["organisational_domain"]


def organisational_domain(domain: str) -> str:
    """The name that was registered below a public suffix.

    Args:
        domain: lower case, in A-labels.

    Example:
        >>> organisational_domain("news.shop.example.co.uk"), organisational_domain("co.uk")
        ('example.co.uk', 'co.uk')
    """
    suffix = public_suffix(domain)
    rest = domain.removesuffix(suffix).removesuffix(".")
    return f"{rest.rpartition('.')[2]}.{suffix}" if rest else domain
