"""Moving mail for asyncio: the same names as in ``postel.mail``.

    from postel.mail import aio

    done = await aio.migrate("imaps://ann@old.example.org", "imaps://ann@new.example.org")
"""

from .moving_async import copy, migrate, sync

__all__ = ["copy", "migrate", "sync"]
