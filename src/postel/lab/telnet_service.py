"""The lab's Telnet service: a small shell behind a log-in, with TLS and without."""

from __future__ import annotations

from pathlib import Path

from ..serving.server import Users, Watcher
from ..serving.shell import Shell
from ..telnet.server import TelnetOptions, TelnetServer
from ..telnet.server_serial import SerialLine
from .certificates import Authority
from .service import Service

__all__ = ["TelnetService"]


class TelnetService(Service):
    """Telnet: a log-in, and a shell that runs only what it is given.

    Attributes:
        shell: its commands, prompt and banner; may be changed at any time.
        options: how the servers behave; may be changed at any time.
        serial: the serial port that they offer by RFC 2217.

    Example:
        >>> from postel import lab
        >>> with lab.start("telnet") as here:
        ...     here.telnet.shell.commands["uptime"] = lambda call: "up 3 days\\n"
        ...     here.url("telnet")
        'telnet://telnet.lab...test/'
    """

    well_known = (23, 992)

    def __init__(
        self, users: Users, authority: Authority, root: Path | None, watcher: Watcher | None
    ) -> None:
        self.shell = Shell(banner="Welcome to the lab.\n")
        self.options = TelnetOptions()
        super().__init__(users, authority, root, watcher)

    def make(self, *, implicit: bool) -> TelnetServer:
        """One of the two servers."""
        return TelnetServer(self.users, self.shell, self.options, tls=self.authority.server(),
                            implicit=implicit, faults=self.faults, watcher=self.watcher)

    @property
    def serial(self) -> SerialLine:
        """The serial port; there is one unless the options say otherwise."""
        if self.options.serial is None:
            self.options.serial = SerialLine()
        return self.options.serial

    def ports(self) -> dict[int, int]:
        """From the well-known ports to those where the servers listen; 2217 too."""
        return {**super().ports(), 2217: self.port}
