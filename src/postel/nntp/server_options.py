"""How the lab's news server behaves; all of it may be changed at any time."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["QUIRKS", "NNTPOptions"]

QUIRKS = {
    "no-capabilities": "CAPABILITIES is unknown, as to servers before RFC 3977",
    "no-over": "OVER and HDR are unknown; XOVER and XHDR are not",
    "no-listgroup-range": "LISTGROUP takes no range",
    "lf-rows": "rows of listings end in LF",
    "no-prefix": "extra columns of the overview have no name before them",
    "extra-tabs": "overview rows have more columns than the format",
    "greets-twice": "a second greeting follows the log-in",
    "xhdr-211": "XHDR is answered with 211",
    "mode-switching": "READER is offered only after MODE READER",
}
"""Habits of other servers."""


@dataclass
class NNTPOptions:
    """What the server offers.

    Args:
        auth: ``"none"``, ``"optional"``, or ``"require"`` for everything.
        private: a wildmat of groups that are only for those who logged in.
        posting: whether POST is taken: ``"all"``, ``"users"`` or ``"none"``.
        feeding: whether IHAVE and streaming are offered.
        clear_passwords: whether passwords are taken without TLS.
        compress: whether COMPRESS DEFLATE is offered.
        zipped: whether XFEATURE COMPRESS GZIP, XZVER and XZHDR are.
        newnews: whether NEWNEWS is allowed.
        capabilities: set to a tuple to offer exactly these lines.
        quirks: some of `QUIRKS`.
        motd: the message of the day.
        moderators: lines of LIST MODERATORS.
        distributions: lines of LIST DISTRIBUTIONS.
        distrib_pats: lines of LIST DISTRIB.PATS.
        subscriptions: lines of LIST SUBSCRIPTIONS.
    """

    auth: str = "optional"
    private: str = ""
    posting: str = "all"
    feeding: bool = True
    clear_passwords: bool = True
    compress: bool = True
    zipped: bool = True
    newnews: bool = True
    capabilities: tuple[str, ...] | None = None
    quirks: set[str] = field(default_factory=set)
    motd: str = "Welcome to the lab."
    moderators: tuple[str, ...] = ("*:%s@lab.test",)
    distributions: tuple[str, ...] = ("local\tThis machine alone",)
    distrib_pats: tuple[str, ...] = ("10:local.*:local",)
    subscriptions: tuple[str, ...] = ("misc.test",)
