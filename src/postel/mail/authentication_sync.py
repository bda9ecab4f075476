# GENERATED from authentication_async.py by tools/unasync.py: edit that file, not this one.
"""SPF, DKIM, ARC and DMARC of one message, with the DNS that it takes."""

from __future__ import annotations

from ..dns.client_sync import Client as Names
from ..messages import arc, dkim, dmarc, spf
from ..messages.authors import author_domains
from ..transport.clock_sync import today
from .authentication import Authentication
from .suffixes import organisational_domain

__all__ = ["authenticate"]


def authenticate(
    message: bytes,
    names: Names,
    *,
    address: str | None = None,
    sender: str = "",
    helo: str = "",
    receiver: str = "unknown",
    tree: bool = False,
) -> Authentication:
    """Verify who vouches for *message*.

    Args:
        message: its bytes, as they came or as a file has them.
        names: whom to ask in the DNS.
        address: the IP address that it came from; None leaves SPF out.
        sender: the address of MAIL FROM.
        helo: what the client called itself.
        receiver: our own name.
        tree: find organisational domains by walking the tree of names, instead of by the list of
            public suffixes.

    Example:
        >>> with Names() as names:
        ...     found = authenticate(b"From: ann@example.org\\r\\n\\r\\nhello", names)
        >>> found.dkim, found.spf, found.dmarc.result, found.dmarc.disposition
        ((), None, 'fail', 'none')
    """
    moment = int(today().timestamp())
    sent = None
    if address is not None:
        sent = names.drive(spf.check(address, sender, helo, receiver=receiver, now=moment))
    signed = names.drive(dkim.verify(message, now=moment))
    chain = names.drive(arc.verify(message))
    authors = author_domains(message)
    if len(authors) == 1:
        policy = names.drive(dmarc.evaluate(
            authors[0], spf=sent, dkim=signed,
            organisational=None if tree else organisational_domain))
    else:
        many = f"it has {len(authors)} domains in From" if authors else "it has no author"
        policy = dmarc.DMARCVerdict("permerror", reason=many)
    return Authentication(signed, chain, policy, sent, authors)
