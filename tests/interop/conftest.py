"""Fixtures of the interop tests: real servers and real clients, or a skip that names the package.

`ftp_server` is vsftpd, ProFTPD and Pure-FTPd in turn; `vsftpd`, `vsftpd_ipv6`, `proftpd`,
`pureftpd` and `dovecot` are one each; `web_server` is nginx and Apache in turn, `nginx` and
`apache` are one each; `mta` is Postfix with Dovecot, `exim` is Exim; `tool("lftp")` is a client of another maker.
"""

from __future__ import annotations

import socket
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# Tests are imported one by one (importlib mode): the helpers beside them need a place to be found.
sys.path.insert(0, str(HERE))

from servers import (  # noqa: E402
    INN,
    MTA,
    SSHD,
    Cyrus,
    Dovecot,
    Ground,
    Server,
    Web,
    program,
    run_apache,
    run_cyrus,
    run_dovecot,
    run_exim,
    run_inn,
    run_mta,
    run_nginx,
    run_proftpd,
    run_proftpd_sftp,
    run_pureftpd,
    run_sshd,
    run_vsftpd,
)

LOG_TAIL = 80  # lines of a server's log below a test that failed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("interop")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the servers of a failed test logged."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Server | SSHD | Dovecot | Web | MTA | INN):
                tail = value.log().splitlines()[-LOG_TAIL:]
                report.sections.append((f"log of {value.name}", "\n".join(tail)))
    return report


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    """The folder and the certificates of this run."""
    with tempfile.TemporaryDirectory(prefix="postel-interop-") as folder:
        yield Ground(Path(folder))


@pytest.fixture(scope="session")
def vsftpd(ground: Ground) -> Iterator[Server]:
    """The real vsftpd: strict about TLS sessions, no MLSD, anonymous may write to /upload."""
    with run_vsftpd(ground) as server:
        yield server


@pytest.fixture(scope="session")
def vsftpd_ipv6(ground: Ground) -> Iterator[Server]:
    """The real vsftpd on ::1."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        pytest.skip(f"no IPv6 on this machine: {error}")
    with run_vsftpd(ground, "::1") as server:
        yield server


@pytest.fixture(scope="session")
def proftpd(ground: Ground) -> Iterator[Server]:
    """The real ProFTPD: strict about TLS sessions; MLSD, HASH, MODE Z, MFMT; anonymous reads."""
    with run_proftpd(ground) as server:
        yield server


@pytest.fixture(scope="session")
def pureftpd(ground: Ground) -> Iterator[Server]:
    """The real Pure-FTPd: MLSD, no implicit TLS, nobody is anonymous."""
    with run_pureftpd(ground) as server:
        yield server


@pytest.fixture(scope="session", params=["vsftpd", "proftpd", "pureftpd"])
def ftp_server(request: pytest.FixtureRequest) -> Server:
    """Each of the three FTP servers in turn."""
    server: Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="session")
def dovecot(ground: Ground) -> Iterator[Dovecot]:
    """The real Dovecot, speaking POP3 and IMAP."""
    with run_dovecot(ground) as server:
        yield server


@pytest.fixture(scope="session")
def inn(ground: Ground) -> Iterator[INN]:
    """The real INN: innd for other servers, nnrpd for readers, and 20,000 articles."""
    with run_inn(ground) as server:
        yield server


@pytest.fixture(scope="session")
def cyrus(ground: Ground) -> Iterator[Cyrus]:
    """The real Cyrus, speaking IMAP."""
    with run_cyrus(ground) as server:
        yield server


@pytest.fixture(scope="session")
def sshd(ground: Ground) -> Iterator[SSHD]:
    """The real OpenSSH: SFTP by its program, and built in at another port."""
    with run_sshd(ground) as server:
        yield server


@pytest.fixture(scope="session")
def proftpd_sftp(ground: Ground) -> Iterator[SSHD]:
    """The real ProFTPD speaking SFTP."""
    with run_proftpd_sftp(ground) as server:
        yield server


@pytest.fixture(scope="session")
def mta(ground: Ground) -> Iterator[MTA]:
    """The real Postfix, and the real Dovecot behind it: SMTP, LMTP and submission."""
    with run_mta(ground) as server:
        yield server


@pytest.fixture(scope="session")
def exim(ground: Ground) -> Iterator[MTA]:
    """The real Exim, which keeps what it takes in its queue."""
    with run_exim(ground) as server:
        yield server


@pytest.fixture(scope="session")
def nginx(ground: Ground) -> Iterator[Web]:
    """The real nginx: HTTP/2, ranges, codings, index pages, WebDAV, a port for certificates."""
    with run_nginx(ground) as server:
        yield server


@pytest.fixture(scope="session")
def apache(ground: Ground) -> Iterator[Web]:
    """The real Apache: HTTP/2, ranges, codings, index pages, mod_dav with properties."""
    with run_apache(ground) as server:
        yield server


@pytest.fixture(scope="session", params=["nginx", "apache"])
def web_server(request: pytest.FixtureRequest) -> Web:
    """Each of the two web servers in turn."""
    server: Web = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="session")
def tool() -> Callable[[str], Path]:
    """`tool("lftp")`: the program of another maker, or a skip that names its Debian package."""
    return program
