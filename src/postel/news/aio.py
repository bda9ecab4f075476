"""News for asyncio: the same names as in ``postel.news``.

    from postel.news import aio

    done = await aio.mirror("nntps://news.example.org/misc.test", "test")
"""

from .files_async import get_nzb, read_nzb
from .mirror_async import mirror

__all__ = ["get_nzb", "mirror", "read_nzb"]
