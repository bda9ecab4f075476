"""Postel's file protocols for fsspec, and so for pandas, dask, pyarrow and their kin.

    import pandas

    frame = pandas.read_csv("postel+sftp://ann@files.example.org/data/june.csv")

The names are ``postel+ftp``, ``postel+ftps``, ``postel+sftp``, ``postel+http``, ``postel+https``,
``postel+dav``, ``postel+davs``, ``postel+tftp`` and ``postel+file``; they are there as soon as both
packages are installed, and take nothing away from others. `register` puts them under the plain
names too. Needs the extra ``fsspec``.

Paths are those of the URL, with a leading slash; options are the keywords of Postel's clients.
"""

from __future__ import annotations

from typing import ClassVar

from ..errors import UsageError
from ..urls import URL, quote
from .fsspec_system import PostelFileSystem

__all__ = [
    "DAVFileSystem",
    "DAVSFileSystem",
    "FTPFileSystem",
    "FTPSFileSystem",
    "FileFileSystem",
    "HTTPFileSystem",
    "HTTPSFileSystem",
    "PostelFileSystem",
    "SFTPFileSystem",
    "TFTPFileSystem",
    "register",
]


class FTPFileSystem(PostelFileSystem):
    """Files over FTP: several clients where several are needed, each with its data connections."""

    scheme: ClassVar[str] = "ftp"
    protocol = ("postel+ftp", "ftp")


class FTPSFileSystem(PostelFileSystem):
    """Files over FTP with TLS from the first byte."""

    scheme: ClassVar[str] = "ftps"
    protocol = ("postel+ftps", "ftps")


class SFTPFileSystem(PostelFileSystem):
    """Files over SSH, whose host keys are verified."""

    scheme: ClassVar[str] = "sftp"
    protocol = ("postel+sftp", "sftp", "ssh")


class TFTPFileSystem(PostelFileSystem):
    """Single files over TFTP; there is no listing, and reading is of the whole file."""

    scheme: ClassVar[str] = "tftp"
    protocol = ("postel+tftp", "tftp")


class FileFileSystem(PostelFileSystem):
    """Files of this machine, by Postel's rules: written whole, times to the microsecond."""

    scheme: ClassVar[str] = "file"
    protocol = ("postel+file",)


class HTTPFileSystem(PostelFileSystem):
    """Files of a web server: paths as URLs write them, with their query."""

    scheme: ClassVar[str] = "http"
    protocol = ("postel+http", "http")

    @classmethod
    def _decoded(cls, path: str) -> str:
        return path

    def _child(self, path: str, name: str) -> str:
        return super()._child(path, quote(name, "!$&'()*+,=:@~"))

    def _url_of(self, path: str) -> URL:
        place, mark, query = path.partition("?")
        return self._url.with_(path=quote(place, "%/!$&'()*+,;=:@~"), query=query if mark else None)


class HTTPSFileSystem(HTTPFileSystem):
    """Files of a web server, over TLS."""

    scheme: ClassVar[str] = "https"
    protocol = ("postel+https", "https")


class DAVFileSystem(PostelFileSystem):
    """Files over WebDAV."""

    asks_late: ClassVar[bool] = True
    scheme: ClassVar[str] = "dav"
    protocol = ("postel+dav", "dav", "webdav")


class DAVSFileSystem(DAVFileSystem):
    """Files over WebDAV and TLS."""

    scheme: ClassVar[str] = "davs"
    protocol = ("postel+davs", "davs", "webdavs")


_PLAIN: dict[str, type[PostelFileSystem]] = {
    "ftp": FTPFileSystem, "ftps": FTPSFileSystem, "sftp": SFTPFileSystem, "ssh": SFTPFileSystem,
    "tftp": TFTPFileSystem, "dav": DAVFileSystem, "davs": DAVSFileSystem,
    "webdav": DAVFileSystem, "webdavs": DAVSFileSystem,
    "http": HTTPFileSystem, "https": HTTPSFileSystem,
}
_BY_DEFAULT = ("ftp", "ftps", "sftp", "ssh", "tftp", "dav", "davs")


def register(*names: str) -> None:
    """Let fsspec use Postel for the plain schemes from now on, in this process.

    Args:
        names: some of ``ftp``, ``ftps``, ``sftp``, ``ssh``, ``tftp``, ``dav``, ``davs``,
            ``webdav``, ``webdavs``, ``http``, ``https``; without any, all but the last four.

    Raises:
        UsageError: one is none of these.

    Example:
        >>> import fsspec
        >>> register("ftp")
        >>> with fsspec.open("ftp://ftp.example.org/pub/hello.txt") as file:
        ...     file.read()
        b'Hello from the lab.\\n'
    """
    from fsspec.registry import register_implementation

    if unknown := set(names) - set(_PLAIN):
        raise UsageError(f"register {', '.join(sorted(unknown))}: no such scheme",
                         hint=f"there are {', '.join(_PLAIN)}")
    for name in names or _BY_DEFAULT:
        register_implementation(name, _PLAIN[name], clobber=True)
