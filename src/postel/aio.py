"""The front door's verbs for asyncio: the same names as ``postel.get`` and its kin.

    from postel import aio

    path = await aio.get("ftp://ftp.example.org/pub/hello.txt")
"""

from .transfer.verbs_async import get, ls, mkdir, put, rename, rm, stat

__all__ = ["get", "ls", "mkdir", "put", "rename", "rm", "stat"]
