"""What became of the checks of one message. Frozen, typed, no I/O."""

from __future__ import annotations

from dataclasses import dataclass

from ..messages.arc import ARCVerdict
from ..messages.dkim import Verdict
from ..messages.dmarc import DMARCVerdict
from ..messages.spf import SPFVerdict

__all__ = ["Authentication"]


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
