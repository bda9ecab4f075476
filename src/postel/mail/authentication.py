"""What became of the checks of one message. Frozen, typed, no I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import UsageError
from ..messages.arc import ARCVerdict
from ..messages.dkim import Verdict
from ..messages.dmarc import DMARCVerdict
from ..messages.spf import SPFVerdict

__all__ = ["Authentication"]

_WORD = re.compile(r"[A-Za-z0-9._@+-]+\Z")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}\Z")


@dataclass(frozen=True, slots=True)
class Authentication:
    """Who vouches for a message.

    Args:
        dkim: of each signature, from the top.
        arc: of those who passed it on.
        dmarc: whether one who vouches is of the domain in From.
        spf: whether the address may send for the sender; None where no address was given.
        authors: the domains of From.
    """

    dkim: tuple[Verdict, ...]
    arc: ARCVerdict
    dmarc: DMARCVerdict
    spf: SPFVerdict | None = None
    authors: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [str(one) for one in (self.spf, *self.dkim) if one is not None]
        if not self.dkim:
            parts.append("dkim=none")
        return "; ".join([*parts, f"arc={self.arc.result}", str(self.dmarc)])

    def field(self, server: str) -> bytes:
        """An Authentication-Results field that says all this (RFC 8601), its line end included.

        Whoever puts it before a message first takes those away that bear the same name.

        Args:
            server: who says so: the name of your receiving server.

        Raises:
            UsageError: that is no name.

        Example:
            >>> from postel.messages.dmarc import DMARCVerdict
            >>> said = Authentication((Verdict("pass", domain="example.org", selector="s1"),),
            ...                       ARCVerdict("none"), DMARCVerdict("pass"),
            ...                       authors=("example.org",))
            >>> print(said.field("mx.example.net").decode())
            Authentication-Results: mx.example.net;
              dkim=pass header.d=example.org header.s=s1;
              arc=none;
              dmarc=pass header.from=example.org
        """
        if not _HOST.match(server):
            raise UsageError(f"{server[:60]!a} is no name of a server")
        parts = []
        if self.spf is not None:
            parts.append(f"spf={self.spf.result}{_property('smtp.mailfrom', self.spf.domain)}")
        parts += [f"dkim={one.result}{_property('header.d', one.domain)}"
                  f"{_property('header.s', one.selector)}" for one in self.dkim] or ["dkim=none"]
        parts.append(f"arc={self.arc.result}")
        parts.append(f"dmarc={self.dmarc.result}"
                     f"{_property('header.from', self.authors[0] if self.authors else '')}")
        text = ";\r\n  ".join([f"Authentication-Results: {server}", *parts])
        return text.encode("ascii") + b"\r\n"


def _property(name: str, value: str) -> str:
    """A property; what others wrote is quoted, and holds nothing that ends a line."""
    if not value:
        return ""
    if _WORD.match(value):
        return f" {name}={value}"
    plain = "".join(one if " " <= one <= "~" and one not in '"\\' else "?" for one in value[:200])
    return f' {name}="{plain}"'
