"""What is known of a server from earlier connections of this process.

No FTP server says what it stands; clients find out. What one connection has found, the next ones
use: whether EPSV gets through, how deep commands may be sent ahead, how far its clock's zone is
off in LIST.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LEARNED", "SERIAL", "Learned"]

SERIAL, BURSTS, DEEP = 0, 1, 2
"""How far ahead commands are sent: one at a time; bursts of metadata, and the next transfer when
the data of the last has ended; several transfers at once. vsftpd and ProFTPD stand all of it,
Pure-FTPd answers 500 to what arrives during a transfer, a few Windows servers lose their place."""


@dataclass
class Learned:
    """What is known of one server.

    Args:
        level: how far ahead commands are sent.
        epsv: whether EPSV works through whatever is in between; else PASV.
        reachable: whether a data connection has been made; until then no transfer is asked for
            before its connection stands, as a server would wait for it in vain.
        zone: seconds that its LIST times are ahead of UTC; None when not measured.
        sets_times: whether it may take times of files; False once it has refused every way.
    """

    level: int = BURSTS
    epsv: bool = True
    reachable: bool = False
    zone: float | None = None
    sets_times: bool = True

    def be_careful(self) -> None:
        """An odd reply came: one command at a time from now on."""
        self.level = SERIAL


class _Servers(dict[tuple[str, int], Learned]):
    def __missing__(self, key: tuple[str, int]) -> Learned:
        self[key] = Learned()
        return self[key]


LEARNED = _Servers()
