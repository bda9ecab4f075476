"""CCC: the log-in protected, the commands then in the clear, the data still protected."""

from __future__ import annotations

import asyncio
from pathlib import Path

from postel import ftp, lab


def test_ccc(tmp_path: Path) -> None:
    with lab.start("ftp") as here:
        here.ftp.files.put("/a.txt", b"protected all the same\n")
        with ftp.Client(here.url("ftp", user="alice"), password="secret") as site:
            assert site.peer.tls
            site.ccc()
            assert site.peer.tls is None
            site.noop()
            assert site.size("/a.txt") == 23


def test_ccc_async() -> None:
    async def main(here: lab.Lab) -> None:
        async with ftp.AsyncClient(here.url("ftp", user="alice"), password="secret") as site:
            await site.ccc()
            assert site.peer.tls is None
            await site.noop()

    with lab.start("ftp") as here:
        asyncio.run(main(here))
