"""GNU inetutils' telnetd below its inetd: a shell of nobody's, without a log-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .find import need_root, program
from .ground import Ground
from .process import Daemon, free_ports, wait_for_ports

__all__ = ["run_telnetd"]

SHELL = """\
#!/bin/sh
cd /tmp
exec env -i TERM="$TERM" LANG=C PATH=/usr/bin:/bin PS1='proving$ ' HOME=/tmp /bin/sh -i
"""


@contextmanager
def run_telnetd(ground: Ground) -> Iterator[int]:
    """Run it; the port is what is yielded."""
    daemon_program = program("inetutils-inetd")
    telnetd = program("telnetd", "inetutils-telnetd")
    need_root("inetd")
    room = ground.room("telnetd")
    for folder in (room, *room.parents[:1]):
        folder.chmod(0o755)
    shell = room / "shell"
    shell.write_text(SHELL)
    shell.chmod(0o755)
    port = free_ports(1)[0]
    (room / "inetd.conf").write_text(
        f"127.0.0.1:{port} stream tcp nowait nobody {telnetd} telnetd -h -E {shell}\n")
    daemon = Daemon("telnetd", [daemon_program, "-d", "-R", "100000", f"-p{room}/pid",
                                Path(room) / "inetd.conf"], room)
    try:
        wait_for_ports(daemon, "127.0.0.1", [port], [])
        yield port
    finally:
        daemon.stop()
