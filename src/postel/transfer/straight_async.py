# A conversation (its twin straight_sync.py is generated): a file from server to server.
"""From one FTP server straight to another (FXP): the bytes do not pass through here."""

from __future__ import annotations

from ..errors import NotSupported, UsageError
from .sites_async import AsyncPacedSite
from .tree_async import AsyncTree

__all__ = ["straight"]


async def straight(source: AsyncTree, path: str, target: AsyncTree, place: str) -> int:
    """Let the server of *source* send *path* to that of *target* as *place*; return its size.

    Raises:
        NotSupported: the two are not both FTP, or one of them refuses.
        UsageError: a rate is asked for.
    """
    from ..ftp.client_async import AsyncClient
    from ..ftp.fxp_async import fxp

    if AsyncPacedSite in (type(source.site), type(target.site)):
        raise UsageError(f"copy {path}: no rate can be kept for bytes that do not pass here",
                         hint="leave either --fxp or --limit-rate out")
    if not isinstance(source.site, AsyncClient) or not isinstance(target.site, AsyncClient):
        raise NotSupported(f"copy {path}: FXP is between two FTP servers",
                           hint="without fxp (--fxp) the bytes pass through here")
    return await fxp(source.site, path, target.site, place)
