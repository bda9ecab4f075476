"""Which resolvers this machine asks. Disk: /etc/resolv.conf is read; elsewhere dnspython knows."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from .types import PORT

__all__ = ["FILE", "Settings", "parse_settings", "system_settings"]

FILE = Path("/etc/resolv.conf")
"""Where Unix keeps its resolvers."""

_LARGEST = 65_536


@dataclass(frozen=True, slots=True)
class Settings:
    """Who to ask.

    Args:
        resolvers: host and port of each, in order.
        trusted: whether their word about DNSSEC is taken, wherever they are (``trust-ad``).
    """

    resolvers: tuple[tuple[str, int], ...] = (("127.0.0.1", PORT),)
    trusted: bool = False


def parse_settings(text: str) -> Settings:
    """What a file such as /etc/resolv.conf says.

    Example:
        >>> parse_settings("nameserver 192.0.2.53\\noptions edns0 trust-ad")
        Settings(resolvers=(('192.0.2.53', 53),), trusted=True)
    """
    resolvers: list[tuple[str, int]] = []
    trusted = False
    for line in text.splitlines():
        words = line.split("#")[0].split(";")[0].split()
        if len(words) > 1 and words[0] == "nameserver":
            resolvers.append((words[1], PORT))
        elif words[:1] == ["options"]:
            trusted = trusted or "trust-ad" in words
    return Settings(tuple(resolvers[:3]) or Settings().resolvers, trusted)


def system_settings() -> Settings:
    """Those of this machine; this machine itself where it says nothing."""
    if sys.platform == "win32":  # pragma: no cover - not on Linux
        from dns.resolver import get_default_resolver

        return Settings(tuple((str(one), PORT) for one in get_default_resolver().nameservers))
    try:
        with FILE.open("r", encoding="utf-8", errors="replace") as file:
            return parse_settings(file.read(_LARGEST))
    except OSError:
        return Settings()
