# A conversation (its twin interact_sync.py is generated): a person takes over a dialogue.
"""A person's keys go to the other side, what it says to the person's screen.

Control sequences are passed on as they are: the screen belongs to the other side meanwhile, as
with telnet(1) and ssh(1). The escape key ends it, and the dialogue goes on. While the other side
does not echo (a Telnet server that has not offered to), lines are edited and echoed here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..timing import NEVER
from ..transport import console
from ..transport.crew_async import AsyncCrew
from ..transport.ready_async import wait_ready

if TYPE_CHECKING:
    from .dialogue_async import AsyncDialogue

__all__ = ["interact"]

_KEYS = 4096


class _AsyncInteraction:
    """Two workers, until one of them ends.

    Args:
        dialogue: which one.
        escape: the key that ends it; b"" is none.
        keyboard: descriptor of the keys.
        screen: descriptor of the screen.
    """

    def __init__(self, dialogue: AsyncDialogue, escape: bytes, keyboard: int, screen: int) -> None:
        self._dialogue, self._escape = dialogue, escape
        self._keyboard, self._screen = console.Keyboard(keyboard), screen
        self._size: tuple[int, int] | None = None
        self.reason = "end"

    async def run(self) -> str:
        """Until the escape key, or the end of the other side."""
        console.write(self._screen, self._dialogue.take_waiting())
        with self._keyboard as keyboard:
            keyboard.raw(self._dialogue.port.wants_keys())
            async with AsyncCrew() as crew:
                crew.start(self._from_there, crew)
                crew.start(self._from_here, crew)
        return self.reason

    async def _from_there(self, crew: AsyncCrew) -> None:
        while data := await self._dialogue.receive_raw(NEVER):
            self._keyboard.raw(self._dialogue.port.wants_keys())
            console.write(self._screen, data)
        crew.stop()

    async def _from_here(self, crew: AsyncCrew) -> None:
        await self._fit()
        while True:
            await wait_ready(self._keyboard.fd, write=False, seconds=None)
            keys = os.read(self._keyboard.fd, _KEYS)
            await self._fit()
            if not keys:  # the keys are a file or a pipe that has ended
                await self._dialogue.send_end()
                return
            before, found, _ = keys.partition(self._escape) if self._escape else (keys, b"", b"")
            if before and not self._dialogue.port.wants_keys():
                before = before.replace(b"\n", self._dialogue.newline)
            if before:
                await self._dialogue.send(before)
            if found:
                self.reason = "escape"
                crew.stop()
                return

    async def _fit(self) -> None:
        """Tell the other side when the window has changed."""
        size = console.size(self._screen)
        if size is not None and size != self._size:
            self._size = size
            await self._dialogue.resize(*size)


async def interact(dialogue: AsyncDialogue, *, escape: str = "]", keyboard: int = 0,
                   screen: int = 1) -> str:
    """Let a person take over.

    Args:
        dialogue: which one.
        escape: the letter that, with Ctrl, gives the dialogue back; ``""`` is none.
        keyboard: descriptor of the keys.
        screen: descriptor of the screen.

    Returns:
        ``"escape"``, or ``"end"`` when the other side has ended.
    """
    code = ord(escape.upper()) ^ 0x40 if len(escape) == 1 and escape.isascii() else 32
    if escape and code >= 32:
        raise UsageError(f"interact: there is no Ctrl-{escape}")
    key = bytes((code,)) if escape else b""
    return await _AsyncInteraction(dialogue, key, keyboard, screen).run()
