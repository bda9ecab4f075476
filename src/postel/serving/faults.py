"""Faults of a protocol, on demand: the nth reply is another, a command is refused, the line drops.

Faults of bytes and of TLS are made by the relay (`postel.serving.relay`), in front of any server.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Fault", "Faults"]


@dataclass
class Fault:
    """One thing to do wrong.

    Args:
        verb: the command it concerns; "" for any, the greeting too ("GREETING").
        reply: the bytes to answer with instead, without line end; None answers nothing.
        after: how many such commands are served properly first.
        times: how often it happens.
        close: close the connection afterwards.
        cut: end the data of a transfer after this many bytes. The last word is then *reply* (one
            that claims success is the lie that clients must see through), or the honest one.
        silent: with *cut*: no last word at all.
        larger: announce this many bytes more than there are.
        notify: False ends the data connection without TLS' close_notify.
    """

    verb: str = ""
    reply: bytes | None = None
    after: int = 0
    times: int = 1
    close: bool = False
    cut: int | None = None
    silent: bool = False
    larger: int = 0
    notify: bool = True

    @property
    def on_data(self) -> bool:
        """Whether the command is carried out, and its data go wrong."""
        return self.cut is not None or self.larger != 0 or not self.notify


@dataclass
class Faults:
    """The script of a server's faults; each command asks it first.

    Example:
        >>> faults = Faults()
        >>> faults.on("RETR", b"-ERR [SYS/TEMP] disk trouble", after=1)
        >>> faults.due("RETR"), faults.due("RETR").reply, faults.due("RETR")
        (None, b'-ERR [SYS/TEMP] disk trouble', None)
    """

    script: list[Fault] = field(default_factory=list)

    def on(
        self,
        verb: str,
        reply: bytes | None = None,
        *,
        after: int = 0,
        times: int = 1,
        close: bool = False,
        cut: int | None = None,
        silent: bool = False,
        larger: int = 0,
        notify: bool = True,
    ) -> None:
        """Add a `Fault`."""
        self.script.append(Fault(verb.upper(), reply, after, times, close, cut, silent, larger,
                                 notify))

    def clear(self) -> None:
        """Do nothing wrong any more."""
        self.script.clear()

    def due(self, *verbs: str) -> Fault | None:
        """The fault that a command met under any of these names meets now, or None; counts it."""
        for fault in self.script:
            if fault.verb not in ("", *verbs):
                continue
            if fault.after:
                fault.after -= 1
                continue
            if fault.times:
                fault.times -= 1
                return fault
        return None
