"""The front door's verbs for asyncio: the same names as ``postel.get`` and its kin.

    from postel import aio

    path = await aio.get("ftp://ftp.example.org/pub/hello.txt")
"""

from .mail.sending_async import send
from .transfer.copy_async import copy
from .transfer.follow_async import follow
from .transfer.mirror_async import apply, check, mirror, plan
from .transfer.pieces_async import get_metalink, get_pieces
from .transfer.remote_async import open  # noqa: A004 - it is one, for URLs
from .transfer.sync_async import sync
from .transfer.verbs_async import get, ls, mkdir, put, rename, rm, stat

__all__ = ["apply", "check", "copy", "follow", "get", "get_metalink", "get_pieces", "ls", "mirror",
           "mkdir", "open", "plan", "put", "rename", "rm", "send",
           "stat", "sync"]
