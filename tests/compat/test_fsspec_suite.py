"""The suite that fsspec has for file systems, run over ours, against the lab."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

import pytest
from fsspec.tests import abstract

from postel import lab
from postel.compat.fsspec import (
    DAVFileSystem,
    FileFileSystem,
    FTPFileSystem,
    PostelFileSystem,
    SFTPFileSystem,
)

pytestmark = pytest.mark.slow


def ftp(running: lab.Lab) -> PostelFileSystem:
    return FTPFileSystem(host=f"ftp.{running.domain}", user="alice", password="secret",
                         security="plain", skip_instance_cache=True)


class Fixtures(abstract.AbstractFixtures):
    """Slashes on every system; local folders as fsspec has them."""

    @pytest.fixture
    def fs_join(self) -> Any:
        return posixpath.join

    @pytest.fixture
    def fs_path(self) -> str:
        return "/work"


class FTP(Fixtures):
    @pytest.fixture
    def fs(self) -> Iterator[Any]:
        with lab.start("ftp") as running:
            running.ftp.files.make_folder("/work")
            system = ftp(running)
            yield system
            system.close()


@pytest.fixture(scope="module")
def sftp() -> Iterator[tuple[PostelFileSystem, lab.Lab]]:
    """One for all tests: each connection of SSH costs two tenths of a second."""
    with lab.start("sftp") as running:
        system = SFTPFileSystem(host=f"sftp.{running.domain}", user="alice", password="secret",
                                skip_instance_cache=True)
        yield system, running
        system.close()


class SFTP(Fixtures):
    @pytest.fixture
    def fs(self, sftp: tuple[PostelFileSystem, lab.Lab]) -> Iterator[Any]:
        system, running = sftp
        running.sftp.files.make_folder("/work")
        yield system
        system.rm("/work", recursive=True)


class WebDAV(Fixtures):
    @pytest.fixture
    def fs(self) -> Iterator[Any]:
        with lab.start("webdav") as running:
            running.webdav.files.make_folder("/work")
            system = DAVFileSystem(host=f"webdav.{running.domain}", user="alice",
                                   password="secret", security="plain", skip_instance_cache=True)
            yield system
            system.close()


class Local(Fixtures):
    @pytest.fixture
    def fs(self) -> Any:
        return FileFileSystem(skip_instance_cache=True)

    @pytest.fixture
    def fs_path(self, tmp_path: Any) -> str:
        (tmp_path / "there").mkdir()
        return str(tmp_path / "there")


@pytest.mark.slow
class TestCopyFTP(FTP, abstract.AbstractCopyTests):
    pass


@pytest.mark.slow
class TestGetFTP(FTP, abstract.AbstractGetTests):
    pass


@pytest.mark.slow
class TestPutFTP(FTP, abstract.AbstractPutTests):
    pass


@pytest.mark.slow
class TestOpenFTP(FTP, abstract.AbstractOpenTests):
    pass


@pytest.mark.slow
class TestPipeFTP(FTP, abstract.AbstractPipeTests):
    pass


@pytest.mark.slow
class TestCopySFTP(SFTP, abstract.AbstractCopyTests):
    pass


@pytest.mark.slow
class TestGetSFTP(SFTP, abstract.AbstractGetTests):
    pass


@pytest.mark.slow
class TestPutSFTP(SFTP, abstract.AbstractPutTests):
    pass


@pytest.mark.slow
class TestOpenSFTP(SFTP, abstract.AbstractOpenTests):
    pass


@pytest.mark.slow
class TestPipeSFTP(SFTP, abstract.AbstractPipeTests):
    pass


@pytest.mark.slow
class TestCopyWebDAV(WebDAV, abstract.AbstractCopyTests):
    pass


@pytest.mark.slow
class TestGetWebDAV(WebDAV, abstract.AbstractGetTests):
    pass


@pytest.mark.slow
class TestPutWebDAV(WebDAV, abstract.AbstractPutTests):
    pass


@pytest.mark.slow
class TestOpenWebDAV(WebDAV, abstract.AbstractOpenTests):
    pass


@pytest.mark.slow
class TestPipeWebDAV(WebDAV, abstract.AbstractPipeTests):
    pass


class TestCopyLocal(Local, abstract.AbstractCopyTests):
    pass


class TestGetLocal(Local, abstract.AbstractGetTests):
    pass


class TestPutLocal(Local, abstract.AbstractPutTests):
    pass


class TestOpenLocal(Local, abstract.AbstractOpenTests):
    pass


class TestPipeLocal(Local, abstract.AbstractPipeTests):
    pass
