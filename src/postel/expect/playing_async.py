# A conversation (its twin playing_sync.py is generated): a script of steps, carried out.
"""Carry out a script: each step in order, branches by label, everything with its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from ..errors import LimitReached, PostelError, ReplyError
from ..secrets import Secret
from .dialogue_async import AsyncDialogue
from .matching import Match
from .opening_async import connect, spawn
from .script import LONGEST_RUN, Script, SecretSource, Step, filled

__all__ = ["Played", "play"]


@dataclass(frozen=True, slots=True)
class Played:
    """A script that was carried out.

    Args:
        values: what it knew in the end: given, and captured.
        steps: how many were taken.
    """

    values: Mapping[str, str]
    steps: int


async def play(
    script: Script,
    *,
    values: Mapping[str, str] | None = None,
    secret: Callable[[str, SecretSource], Secret],
    record: str | Path | TextIO | None = None,
    show: Callable[[bytes], object] | None = None,
) -> Played:
    """Carry out *script*.

    Args:
        script: from `parse_script`.
        values: more values than its own.
        secret: called with name and source of each secret, when it is needed first.
        record: where the transcript goes.
        show: called with everything that comes.

    Raises:
        ReplyError: a step of the script says that it failed.
        PostelError: whatever else went wrong; the message begins with the line.
    """
    player = _AsyncPlayer(script, {**script.values, **(values or {})}, secret)
    try:
        dialogue = player.dialogue(record, show)
        async with dialogue:
            return await player.run(dialogue)
    except PostelError as error:
        line = player.line
        if not str(error).startswith(f"{script.name} line"):
            error.message = f"{script.name} line {line}: {error.message}"
        raise


class _AsyncPlayer:
    """One run of a script.

    Args:
        script: which.
        values: what is known.
        secret: where secrets come from.

    Attributes:
        line: of the step that is under way.
    """

    def __init__(self, script: Script, values: dict[str, str],
                 secret: Callable[[str, SecretSource], Secret]) -> None:
        self._script, self._values, self._ask = script, values, secret
        self._known: dict[str, Secret] = {}
        self.line = script.line

    def dialogue(self, record: Any, show: Callable[[bytes], object] | None) -> AsyncDialogue:
        """What the script connects to."""
        how = self._script.connect
        more: dict[str, Any] = {"record": record, "show": show}
        if "newline" in how:
            more["newline"] = how["newline"].encode()
        if "plain" in how:
            more["plain"] = how["plain"]
        timeout = float(how.get("timeout", 30.0))
        if "spawn" in how:
            words = how["spawn"]
            command = self._fill(words) if isinstance(words, str) else [
                self._fill(str(word)) for word in words]
            return spawn(command, timeout=timeout, **more)
        client: dict[str, Any] = {}
        if "user" in how:
            client["user"] = self._fill(how["user"])
        if "password" in how:
            client["password"] = self._secret(how["password"])
        return connect(self._fill(how["url"]), timeout=timeout, client=client, **more)

    async def run(self, dialogue: AsyncDialogue) -> Played:
        """Every step, until the last."""
        at = taken = 0
        while at < len(self._script.steps):
            step = self._script.steps[at]
            self.line, taken = step.line, taken + 1
            if taken > LONGEST_RUN:
                raise LimitReached(f"{LONGEST_RUN:,} steps were taken",
                                   hint="does the script go round in circles?")
            to = await self._take(dialogue, step)
            at = at + 1 if to is None else self._script.at(to)
        return Played(dict(self._values), taken)

    async def _take(self, dialogue: AsyncDialogue, step: Step) -> str | None:
        """One step; the label to go on at, or None for the next one."""
        what = self._fill(step.what) if isinstance(step.what, str) else step.what
        match step.verb:
            case "expect":
                found = await dialogue.expect(timeout=step.timeout, **step.what)
                self._keep(step, found)
                return step.on.get(found.name)
            case "send":
                await dialogue.send_line(what)
            case "type":
                await dialogue.send(what)
            case "key":
                await dialogue.send_key(what)
            case "secret":
                await dialogue.send_line(self._secret(step.what))
            case "command":
                output = await dialogue.command(what, timeout=step.timeout)
                if step.capture:
                    self._values[step.capture] = _text(output)
            case "resize":
                await dialogue.resize(*what)
            case "goto":
                return str(what)
            case "fail":
                raise ReplyError(what)
            case _:
                return "end"
        return None

    def _keep(self, step: Step, found: Match) -> None:
        if step.capture:
            self._values[step.capture] = _text(found.before)
        for name, data in found.named.items():
            if data is not None:
                self._values[name] = _text(data)

    def _fill(self, text: str) -> str:
        return filled(text, self._values, f"{self._script.name} line {self.line}")

    def _secret(self, name: str) -> Secret:
        if name not in self._known:
            self._known[name] = self._ask(name, self._script.secrets[name])
        return self._known[name]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").replace("\r\n", "\n").strip("\n")
