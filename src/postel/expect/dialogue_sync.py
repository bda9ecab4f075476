# GENERATED from dialogue_async.py by tools/unasync.py: edit that file, not this one.
"""A dialogue: wait for one of several things, answer, go on.

What comes is kept until it is matched. A wait that was in vain takes nothing: the bytes are there
for the next. Escape sequences of terminals are taken out before anything is looked for, where the
port is a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TextIO

from ..errors import ConnectionLost, LimitReached, NotSupported, TimedOut, UsageError
from ..secrets import Secret
from ..timing import Deadline
from ..transport.clock_sync import now
from ..transport.entropy import nonce
from .ansi import Plain, rendered
from .matching import LOOK_BACK, Match, Search, What, patterns_of, shown
from .ports_sync import Port
from .recording import Recorder

__all__ = ["Dialogue"]

_LARGEST = 1 << 28
_KILL = b"\x15"  # Ctrl-U: line editors of shells and of terminals' drivers forget the line
_PAUSE = 0.1
_FIRST_WORD = 2.0


class Dialogue:
    """Expect and send.

    Args:
        port: what it is held over.
        timeout: seconds for each wait, unless it says another.
        plain: whether escape sequences are taken out; None leaves it to the port.
        newline: what a line that is sent ends with; None leaves it to the port.
        largest: bytes that are kept unmatched; more is an error.
        look_back: bytes before what is new in which a regular expression may begin.
        record: a path or open text file for the transcript.
        show: called with everything that comes, as it comes.

    Example:
        >>> from postel.expect import ProgramPort
        >>> port = ProgramPort(["sh"], environ={"PS1": "$ ", "PATH": "/bin:/usr/bin"})
        >>> with Dialogue(port) as shell:
        ...     shell.expect(prompt="$ ", timeout=20)
        ...     shell.send_line("echo $((6*7))")
        ...     (shell.expect(answer="42", timeout=20)).name
        Match(name='prompt', before=b'', after=b'$ ', groups=(), named={})
        'answer'
    """

    def __init__(
        self,
        port: Port,
        *,
        timeout: float | None = 30.0,
        plain: bool | None = None,
        newline: bytes | None = None,
        largest: int = _LARGEST,
        look_back: int = LOOK_BACK,
        record: str | Path | TextIO | None = None,
        show: Callable[[bytes], object] | None = None,
    ) -> None:
        self.port = port
        self.timeout = timeout
        self._newline = newline
        self.prompt: bytes | re.Pattern[bytes] | None = None
        self._plain = Plain() if (port.plain if plain is None else plain) else None
        self._largest, self._look_back = largest, look_back
        self._record, self._show = record, show
        self._recorder: Recorder | None = None
        self._buffer = bytearray()
        self._ended = self._heard = False
        self._open = False

    def __enter__(self) -> Self:
        self.port.open()
        self._open = True
        if self._record is not None:
            self._recorder = Recorder(self._record, now, self.port.name)
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the port, and end the transcript."""
        self._open = False
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.close()
        self.port.close()

    # -- waiting ---------------------------------------------------------------------------

    def expect(self, *either: What, timeout: float | None = None, **named: What) -> Match:
        """Wait until one of several things has come.

        Args:
            either: things without a name; a match calls them by what they are.
            timeout: seconds for the whole wait; None is the dialogue's.
            named: things by name: text, bytes, compiled expressions, `END`, lists of these.

        Returns:
            What was found. Of several the one that was complete first.

        Raises:
            TimedOut: nothing of it came; what did come is still there for the next wait.
            ConnectionLost: the other side has ended before.
            LimitReached: too much came that nobody wanted.

        Example:
            >>> from postel.expect import ProgramPort
            >>> with Dialogue(ProgramPort(["cat"])) as cat:
            ...     cat.send_line("denied?")
            ...     match = cat.expect(denied=re.compile(rb"den(ied)"), good="ok", timeout=20)
            >>> match.name, match.groups
            ('denied', (b'ied',))
        """
        search = Search(patterns_of({**{_name(one): one for one in either}, **named}),
                        self._look_back)
        deadline = Deadline.after(self.timeout if timeout is None else timeout, now=now())
        while True:
            found = search.find(self._buffer)
            if found is not None:
                del self._buffer[:len(found.before) + len(found.after)]
                return found
            if self._ended:
                return self._at_end(search)
            if len(self._buffer) > self._largest:
                raise LimitReached(f"{self._what(search)}: more than {self._largest:,} bytes came",
                                   hint="largest= keeps more")
            try:
                self._receive(deadline)
            except TimedOut as error:
                waited = self.timeout if timeout is None else timeout
                raise TimedOut(
                    f"{self._what(search)}: it did not come in {waited:g} s; the last that came: "
                    f"{shown(self._buffer)}", hint=search.hint(self._buffer)) from error

    def _at_end(self, search: Search) -> Match:
        found = search.ended(self._buffer)
        if found is None:
            raise ConnectionLost(
                f"{self._what(search)}: the other side ended; the last that came: "
                f"{shown(self._buffer)}", hint=search.hint(self._buffer))
        self._buffer.clear()
        return found

    def _what(self, search: Search) -> str:
        wanted = ", ".join(f"{one.name}={one}" for one in search.patterns)
        return f"{self.port.name}: expect {wanted}"

    def expect_end(self, *, timeout: float | None = None) -> bytes:
        """Wait until the other side ends; return what it said before."""
        from .matching import END

        return (self.expect(end=END, timeout=timeout)).before

    def read(self, *, timeout: float | None = None) -> bytes:
        """What has come and was not matched, at least one byte; ``b""`` at the end."""
        deadline = Deadline.after(self.timeout if timeout is None else timeout, now=now())
        while not self._buffer and not self._ended:
            self._receive(deadline)
        return self.take_waiting()

    @property
    def newline(self) -> bytes:
        """What a line that is sent ends with, now."""
        return self.port.newline if self._newline is None else self._newline

    @property
    def waiting(self) -> bytes:
        """What has come and was not matched yet."""
        return bytes(self._buffer)

    def take_waiting(self) -> bytes:
        """What has come and was not matched; it is not matched any more."""
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def receive_raw(self, deadline: Deadline) -> bytes:
        """The next bytes as they come, not to be matched; ``b""`` at the end."""
        data = self.port.receive(deadline)
        if not data:
            self._ended = True
            return b""
        self._heard = True
        if self._recorder is not None:
            self._recorder.received(data)
        if self._show is not None:
            self._show(data)
        return data

    def interact(self, *, escape: str = "]", keyboard: int = 0, screen: int = 1) -> str:
        """Let a person take over, until Ctrl-] or the end of the other side.

        Args:
            escape: the letter that, with Ctrl, gives the dialogue back; ``""`` is none.
            keyboard: descriptor of the keys, put into raw mode if it is a terminal.
            screen: descriptor of the screen, whose size is told to the other side.

        Returns:
            ``"escape"``, or ``"end"`` when the other side has ended.
        """
        from .interact_sync import interact

        return interact(self, escape=escape, keyboard=keyboard, screen=screen)

    def _receive(self, deadline: Deadline) -> None:
        if not self._open:
            raise UsageError(f"{self.port.name}: not open", hint="use it in a with block")
        data = self.receive_raw(deadline)
        if not data:
            self._buffer += self._plain.end() if self._plain is not None else b""
            return
        self._buffer += data if self._plain is None else self._plain.feed(data)

    # -- sending ---------------------------------------------------------------------------

    def send(self, data: str | bytes | Secret) -> None:
        """Send text or bytes, as they are; of a `Secret` no transcript keeps anything."""
        if not self._open:
            raise UsageError(f"{self.port.name}: not open", hint="use it in a with block")
        raw = self._revealed(data)
        if self._recorder is not None:
            self._recorder.sent(raw)
        self.port.send(raw)

    def send_line(self, line: str | bytes | Secret = "") -> None:
        """Send a line and its end.

        Raises:
            UsageError: there is a line end within it.
        """
        raw = self._revealed(line)
        if b"\n" in raw or b"\r" in raw:
            raise UsageError("send_line: there is a line end within the line",
                             hint="send() takes several lines, and anything else")
        if self._recorder is not None:
            self._recorder.sent(raw + self.newline)
        self.port.send(raw + self.newline)

    def send_key(self, key: str) -> None:
        """Send a control character by its letter: ``"c"`` is Ctrl-C, ``"]"`` Ctrl-].

        Raises:
            UsageError: there is no such key.
        """
        code = ord(key.upper()) ^ 0x40 if len(key) == 1 and key.isascii() else 0x80
        if code >= 32:
            raise UsageError(f"send_key: there is no Ctrl-{key}")
        self.send(bytes((code,)))

    def send_end(self) -> None:
        """Say that no more will be sent: to a terminal Ctrl-D, to a connection its end."""
        self.port.send_end()

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size now."""
        self.port.resize(columns, rows)

    def status(self) -> int | None:
        """The exit status of what ran; negative for a signal, None where nobody knows."""
        return self.port.status()

    def hide(self, secret: str | Secret) -> None:
        """Keep nothing of *secret* in the transcript, whoever says it."""
        if self._recorder is not None:
            self._recorder.hide(secret.reveal() if isinstance(secret, Secret) else secret)

    def _revealed(self, data: str | bytes | Secret) -> bytes:
        if isinstance(data, Secret):
            self.hide(data)
            data = data.reveal()
        return data.encode("utf-8", "surrogateescape") if isinstance(data, str) else bytes(data)

    # -- prompts ---------------------------------------------------------------------------

    def find_prompt(self, *, timeout: float | None = None) -> bytes:
        """Find out what the prompt is, by trying: no pattern, no guess, no pause.

        A word is typed and not sent: what stands before its echo is the prompt, and everything
        that came earlier is over. Then the word is taken back (Ctrl-U).

        Returns:
            The prompt; it is also noted in `prompt`, for `command`.

        Raises:
            NotSupported: what is typed is not echoed, or there is no line editor.
        """
        deadline = Deadline.after(self.timeout if timeout is None else timeout, now=now())
        patience, last = _PAUSE, None
        if not self._heard and not self._ended:  # most speak first, when they are ready
            self._first_word(Deadline.after(_FIRST_WORD, now=now()).sooner(deadline))
        while True:
            mark = b"postel" + nonce()[:6].replace(b"-", b"x")
            self.send(mark)
            found = self._echo(mark, Deadline.after(patience, now=now()).sooner(deadline))
            self.send(_KILL)
            prompt = b"" if found is None else rendered(_last_line(found.before))
            if prompt.strip() and (last == prompt or (last is None and not _is_doubled(prompt))):
                self.prompt = prompt
                return prompt
            last = prompt  # after a vain attempt two that agree are wanted
            if deadline.expired(now=now()):
                raise NotSupported(
                    f"{self.port.name}: find the prompt: what is typed is not echoed; the last "
                    f"that came: {shown(self._buffer)}",
                    hint="is it asking for a password, or still busy? set prompt= by hand")
            self.send(self.newline)  # nobody read yet; or our own traces hide the prompt
            self._quiet(patience, deadline)
            patience *= 2

    def _first_word(self, deadline: Deadline) -> None:
        try:
            self._receive(deadline)
        except TimedOut:
            pass  # a console that waits to be woken

    def _echo(self, mark: bytes, deadline: Deadline) -> Match | None:
        """The echo of *mark*, or None where it does not come in time."""
        search = Search(patterns_of({"mark": mark}))
        while (found := search.find(self._buffer)) is None:
            if self._ended:
                return self._at_end(search)
            try:
                self._receive(deadline)
            except TimedOut:
                return None
        del self._buffer[:len(found.before) + len(found.after)]
        return found

    def _quiet(self, patience: float, deadline: Deadline) -> None:
        """Take what comes until nothing has come for a moment."""
        try:
            while not self._ended:
                self._receive(Deadline.after(patience, now=now()).sooner(deadline))
        except TimedOut:
            pass  # that is what was waited for

    def command(self, line: str, *, timeout: float | None = None) -> bytes:
        """Run one line at a prompt; return what it said, to the next prompt.

        The prompt is found out first, where it is not known. The end is the prompt alone on the
        last line that has come.

        Args:
            line: what to type.
            timeout: seconds for the whole of it.

        Returns:
            The output, without the echo of the line and without the prompt.
        """
        if self.prompt is None:
            self.find_prompt(timeout=timeout)
        self.send_line(line)
        self.expect(echo="\n", timeout=timeout)
        prompt = self.prompt
        source = re.escape(prompt) if isinstance(prompt, bytes) else (
            prompt.pattern if prompt is not None else b"")
        end = re.compile(rb"(?:^|[\r\n])(?:" + source + rb")\Z")
        found = self.expect(prompt=end, timeout=timeout)
        return found.before.lstrip(b"\r") + (b"\n" if found.after[:1] == b"\n" else b"")


def _is_doubled(prompt: bytes) -> bool:
    """Whether it is one prompt twice: a line end was taken for two, and answered twice."""
    half = len(prompt) // 2
    return half > 2 and prompt[:half] == prompt[half:]


def _last_line(data: bytes) -> bytes:
    return data[data.rfind(b"\n") + 1:]


def _name(what: Any) -> str:
    """How a match calls a thing that has no name."""
    if isinstance(what, bytes):
        return what.decode("utf-8", "replace")
    if isinstance(what, re.Pattern):
        source = what.pattern
        return source if isinstance(source, str) else source.decode("utf-8", "replace")
    return str(what)
