# A conversation (its twin authentication_sync.py is generated): who vouches for a message.
"""SPF, DKIM, ARC and DMARC of one message, with the DNS that it takes."""

from __future__ import annotations

from ..dns.client_async import AsyncClient as AsyncNames
from ..messages import arc, dkim, dmarc, spf
from ..messages.authors import author_domains
from ..transport.clock_async import today
from .authentication import Authentication
from .suffixes import organisational_domain

__all__ = ["authenticate"]


async def authenticate(
    message: bytes,
    names: AsyncNames,
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
        >>> async with AsyncNames() as names:
        ...     found = await authenticate(b"From: ann@example.org\\r\\n\\r\\nhello", names)
        >>> found.dkim, found.spf, found.dmarc.result, found.dmarc.disposition
        ((), None, 'fail', 'none')
    """
    moment = int(today().timestamp())
    sent = None
    if address is not None:
        sent = await names.drive(spf.check(address, sender, helo, receiver=receiver, now=moment))
    signed = await names.drive(dkim.verify(message, now=moment))
    chain = await names.drive(arc.verify(message))
    authors = author_domains(message)
    if len(authors) == 1:
        policy = await names.drive(dmarc.evaluate(
            authors[0], spf=sent, dkim=signed,
            organisational=None if tree else organisational_domain))
    else:
        many = f"it has {len(authors)} domains in From" if authors else "it has no author"
        policy = dmarc.DMARCVerdict("permerror", reason=many)
    return Authentication(signed, chain, policy, sent, authors)
