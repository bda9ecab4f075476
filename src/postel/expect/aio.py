"""The same for asyncio: ``async with aio.spawn("sh") as shell: await shell.expect(…)``."""

from .dialogue_async import AsyncDialogue
from .opening_async import connect, over, replay, spawn

__all__ = ["AsyncDialogue", "connect", "over", "replay", "spawn"]
