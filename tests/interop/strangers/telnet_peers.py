"""telnetlib3 as a client of the lab's Telnet server; prints what it saw."""

from __future__ import annotations

import asyncio
import sys

import telnetlib3


async def shell(reader: telnetlib3.TelnetReader, writer: telnetlib3.TelnetWriter) -> None:
    """Log in, ask for the window's size, leave."""
    seen = ""
    for wanted, answer in (("login: ", "alice"), ("Password: ", "secret"), ("lab$ ", "size"),
                           ("lab$ ", "term"), ("lab$ ", "env"), ("lab$ ", "exit")):
        part = ""
        while not part.endswith(wanted):
            data = await reader.read(1)
            if not data:
                raise SystemExit(f"it ended: {seen + part!r}")
            part += data
        seen += part
        writer.write(answer + "\r\n")
    sys.stdout.write(seen)


async def main(host: str, port: int) -> None:
    """Connect and talk."""
    _, writer = await telnetlib3.open_connection(
        host, port, shell=shell, cols=93, rows=31, term="vt220", encoding="utf-8",
        connect_minwait=0.05, connect_maxwait=0.5)
    await writer.protocol.waiter_closed


asyncio.run(asyncio.wait_for(main(sys.argv[1], int(sys.argv[2])), 30))
