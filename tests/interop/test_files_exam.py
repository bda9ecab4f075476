"""The published exam for file schemes against real FTP servers, in the clear and with TLS."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import Server
from servers.ground import give

from postel import ftp
from postel.ftp.learned import LEARNED
from postel.ftp.scheme import SCHEMES
from postel.testing import files_async, files_sync
from postel.testing.outside import FolderOutside, NotOffered
from postel.transport.tls import TLSOptions

VERBS = SCHEMES[0].verbs
NAMES = [check.name for check in files_sync.CHECKS]
_numbers = itertools.count()

_OTHER_BYTES = "it stores bytes that are no UTF-8 as others"
WRONG: dict[tuple[str, str], str] = {
    ("vsftpd", "a_missing_folder_is_not_found"): "it lists what is missing as an empty folder",
    ("vsftpd", "a_name_with_bytes_that_are_no_utf_8"): _OTHER_BYTES,
    ("pureftpd", "a_name_with_bytes_that_are_no_utf_8"): _OTHER_BYTES,
    ("pureftpd", "a_name_with_spaces_at_its_ends"): "it drops spaces at the ends of names",
}
"""What a server itself does otherwise, by server and check, with the reason."""


class Given(FolderOutside):
    """Files of a server that runs as somebody else: they are given to it."""

    def put(self, path: str, data: bytes) -> None:
        self.folder(path.rpartition("/")[0])
        super().put(path, data)
        give(self._place(path))

    def folder(self, path: str) -> None:
        place = self._place(path)
        missing = [one for one in (place, *place.parents) if not one.exists()]
        super().folder(path)
        for one in missing:
            give(one)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    LEARNED.clear()
    yield
    LEARNED.clear()


@pytest.fixture
def place(ftp_server: Server) -> tuple[FolderOutside, str]:
    """A way past the server, and a new folder on it."""
    outside = Given(ftp_server.root, "")
    top = f"upload/exam-{next(_numbers)}"
    outside.folder(top)
    return outside, top


def keywords(server: Server, security: str) -> dict[str, object]:
    return {"port": server.port, "user": server.user, "password": server.password,
            "security": security, "tls": TLSOptions(ca=server.ca_file), "timeout": 20.0}


def judged(server: Server, name: str, error: BaseException | None) -> None:
    if isinstance(error, NotOffered):
        pytest.skip(str(error))
    reason = WRONG.get((server.name, name))
    if reason is None and error is not None:
        raise error
    if reason is not None:
        assert error is not None, f"{name} passes now; it was known to fail: {reason}"
        pytest.xfail(reason)


@pytest.mark.parametrize("index", range(len(NAMES)), ids=NAMES)
def test_sync(ftp_server: Server, index: int, place: tuple[FolderOutside, str], tmp_path: Path
              ) -> None:
    outside, top = place
    found: BaseException | None = None
    with ftp.Client(ftp_server.host, **keywords(ftp_server, "plain")) as site:  # type: ignore[arg-type]
        try:
            files_sync.take(files_sync.CHECKS[index],
                            files_sync.Ground(site, top, tmp_path, VERBS, outside))
        except (Exception, AssertionError) as error:
            found = error
    judged(ftp_server, NAMES[index], found)


@pytest.mark.parametrize("index", range(len(NAMES)), ids=NAMES)
def test_async_by_tls(ftp_server: Server, index: int, place: tuple[FolderOutside, str],
                      tmp_path: Path) -> None:
    outside, top = place

    async def main() -> BaseException | None:
        async with ftp.AsyncClient(ftp_server.host, **keywords(ftp_server, "starttls")) as site:  # type: ignore[arg-type]
            try:
                await files_async.take(files_async.CHECKS[index], files_async.AsyncGround(
                    site, top, tmp_path, VERBS, outside))
            except (Exception, AssertionError) as error:
                return error
        return None

    judged(ftp_server, NAMES[index], asyncio.run(main()))
