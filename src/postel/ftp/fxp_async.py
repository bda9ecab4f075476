# A conversation (its twin fxp_sync.py is generated): files from server to server.
"""FXP: one server sends a file straight to another (RFC 959 section 2.3, figure 2).

Only on request, and only where both servers allow it: most refuse since it is also how one server
is made to attack another (RFC 2577). The address that goes into PORT is the one the second
server's control connection really has, never the one it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Incomplete, NotSupported
from ..wire.replies import Reply
from . import replies
from .wire import command, transfer

if TYPE_CHECKING:
    from .client_async import AsyncClient

__all__ = ["fxp"]


async def fxp(source: AsyncClient, path: str, target: AsyncClient, new: str) -> int:
    """Have *source* send *path* to *target* as *new*; return its size in bytes.

    Args:
        source: an open client.
        path: the file there.
        target: an open client of the other server.
        new: where it goes.

    Raises:
        NotSupported: a server refuses, or protects its data connections (call ``prot("C")`` on
            both if the file may cross the network in the clear).
        Incomplete: fewer bytes arrived than were sent.

    Example:
        >>> from postel.ftp import AsyncClient
        >>> async with AsyncClient("ftp.example.org", security="plain") as one:
        ...     async with AsyncClient("ftp.example.org", user="alice", password="secret",
        ...                            security="plain") as other:
        ...         await fxp(one, "pub/hello.txt", other, "incoming/copy.txt")
        20
    """
    if source._private_data or target._private_data:
        raise NotSupported(
            f"FXP {path}: the data connections are protected, and two servers share no TLS session",
            hint='prot("C") on both sends the file in the clear')
    size = (await source.stat(path)).exact_size
    async with source._operation(f"FXP {path}"), target._operation(f"FXP {new}"):
        await source._use_type("I")
        await target._use_type("I")
        await _introduce(source, target)
        await _copy(source, path, target, new)
    there = await target.size(new)
    if size is not None and there != size:
        raise Incomplete(f"FXP {path}: {there:,} of {size:,} bytes arrived", command="FXP")
    return there


async def _introduce(source: AsyncClient, target: AsyncClient) -> None:
    """The second server listens; the first is told where."""
    listening = await target._done("PASV")
    _, port = replies.pasv_address(listening)
    numbers = target.peer.address.replace(".", ",")
    reply = await source._ask("PORT", f"{numbers},{port >> 8},{port & 255}")
    if reply.kind != 2:
        raise source._refusal(command("PORT"), reply, otherwise=NotSupported)


async def _copy(source: AsyncClient, path: str, target: AsyncClient, new: str) -> None:
    """STOR there, then RETR here; both have to end well."""
    storing = target._queue(transfer("STOR", new, encoding=target.encoding))
    await target._flush()
    sending = source._queue(transfer("RETR", path, encoding=source.encoding))
    sent = await source._event(sending, Reply)
    if sent.kind != 1:
        await target.reopen()  # it waits for a caller that will not come
        raise source._refusal(sending, sent)
    source._progressed()
    done = await source._final(sending)
    stored = await target._final(storing)
    for site, asked, reply in ((source, sending, done), (target, storing, stored)):
        if reply.kind != 2:
            raise site._refusal(asked, reply)
