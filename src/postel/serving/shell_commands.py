"""The commands that the lab's shell has unless it is given others: harmless, good for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from .shell import Call, Command

__all__ = ["SMALL"]

_CHUNK = 65_536
_MOST = 1 << 30


def _echo(call: Call) -> str:
    return " ".join(call.words[1:]) + "\n"


async def _cat(call: Call) -> None:
    while data := await call.read():
        await call.write(data)


async def _complain(call: Call) -> int:
    await call.complain(" ".join(call.words[1:]).encode() + b"\n")
    return 1


async def _sleep(call: Call) -> None:
    await asyncio.sleep(_number(call, 1.0))


def _status(call: Call) -> int:
    return int(_number(call, 0.0))


async def _fill(call: Call) -> None:
    """Write so many bytes: lines of 64."""
    left = min(int(_number(call, 0.0)), _MOST)
    block = (b"." * 63 + b"\n") * (_CHUNK // 64)
    while left > 0:
        await call.write(block[:left])
        left -= len(block)


def _size(call: Call) -> str:
    return f"{call.screen.rows} {call.screen.columns}\n" if call.screen else "no terminal\n"


def _kind(call: Call) -> str:
    return f"{call.screen.kind}\n" if call.screen else "no terminal\n"


def _env(call: Call) -> str:
    return "".join(f"{name}={value}\n" for name, value in sorted(call.environ.items()))


async def _count(call: Call) -> str:
    total = 0
    while data := await call.read():
        total += len(data)
    return f"{total}\n"


async def _ask(call: Call) -> str:
    """Ask a question, as a program does that wants a yes."""
    await call.write((" ".join(call.words[1:]) or "Continue?").encode() + b" [y/N] ")
    answer = (await call.read()).strip().lower()
    return "yes\n" if answer in (b"y", b"yes") else "no\n"


def _number(call: Call, otherwise: float) -> float:
    try:
        return max(0.0, float(call.words[1]))
    except (IndexError, ValueError):
        return otherwise


SMALL: Mapping[str, Command] = {
    "ask": _ask, "cat": _cat, "complain": _complain, "count": _count, "echo": _echo, "env": _env,
    "false": lambda call: 1, "fill": _fill, "size": _size, "sleep": _sleep, "status": _status,
    "term": _kind, "true": lambda call: 0, "whoami": lambda call: f"{call.user}\n"}
"""By name."""
