"""Expect: wait for what somebody says, and answer; over terminals, connections and transcripts.

    from postel import expect

    with expect.connect("telnet://switch.example.org") as there:
        there.expect(login="login: ", timeout=5)
        there.send_line("ann")
        match = there.expect(prompt="$ ", denied="incorrect")

`postel.expect.aio` has the same functions for asyncio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .dialogue_async import AsyncDialogue
    from .dialogue_sync import Dialogue
    from .matching import END, Match
    from .opening_sync import connect, over, replay, spawn
    from .ports_async import AsyncProgramPort
    from .ports_sync import ProgramPort

__all__ = ["END", "AsyncDialogue", "AsyncProgramPort", "Dialogue", "Match", "ProgramPort",
           "connect", "over", "replay", "spawn"]

_HOMES = {"AsyncProgramPort": ".ports_async", "ProgramPort": ".ports_sync",
          "AsyncDialogue": ".dialogue_async", "Dialogue": ".dialogue_sync", "END": ".matching",
          "Match": ".matching", "connect": ".opening_sync", "over": ".opening_sync",
          "replay": ".opening_sync", "spawn": ".opening_sync"}


def __getattr__(name: str) -> Any:
    """Load a thing on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
