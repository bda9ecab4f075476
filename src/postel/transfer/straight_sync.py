# GENERATED from straight_async.py by tools/unasync.py: edit that file, not this one.
"""From one FTP server straight to another (FXP): the bytes do not pass through here."""

from __future__ import annotations

from ..errors import NotSupported, UsageError
from .sites_sync import PacedSite
from .tree_sync import Tree

__all__ = ["straight"]


def straight(source: Tree, path: str, target: Tree, place: str) -> int:
    """Let the server of *source* send *path* to that of *target* as *place*; return its size.

    Raises:
        NotSupported: the two are not both FTP, or one of them refuses.
        UsageError: a rate is asked for.
    """
    from ..ftp.client_sync import Client
    from ..ftp.fxp_sync import fxp

    if PacedSite in (type(source.site), type(target.site)):
        raise UsageError(f"copy {path}: no rate can be kept for bytes that do not pass here",
                         hint="leave either --fxp or --limit-rate out")
    if not isinstance(source.site, Client) or not isinstance(target.site, Client):
        raise NotSupported(f"copy {path}: FXP is between two FTP servers",
                           hint="without fxp (--fxp) the bytes pass through here")
    return fxp(source.site, path, target.site, place)
