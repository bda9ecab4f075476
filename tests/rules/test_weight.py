"""What an import costs, and what the sync side never loads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BARE = "import sys; print(*sys.modules)"


def modules(code: str) -> set[str]:
    """The modules that a fresh interpreter holds after *code*."""
    script = f"{code}\n{BARE}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          check=True, timeout=30)
    return set(done.stdout.splitlines()[-1].split())


def test_import_postel_is_light() -> None:
    loaded = modules("import postel") - modules("pass")
    assert not loaded & {"asyncio", "socket", "ssl"}, sorted(loaded)
    assert len(loaded) <= 25, sorted(loaded)


def test_the_version_is_light() -> None:
    code = ("import sys; sys.argv = ['postel', '--version']\n"
            "from postel.cli.main import main\n"
            "try: main()\nexcept SystemExit: pass")
    loaded = modules(code) - modules("pass")
    assert len(loaded) <= 110, f"{len(loaded)}: {sorted(loaded)}"
    assert not loaded & {"asyncio", "ssl", "postel.ftp.client_sync"}, sorted(loaded)


CLIENT = """
import sys
from postel import {package}
with {package}.Client("127.0.0.1", port={port}, user="alice", password="secret",
                      security="plain") as client:
    client.noop()
    {more}
"""


def sync_session(package: str, more: str) -> set[str]:
    """The modules of a process that had one sync session with the lab of this one."""
    from postel import lab

    with lab.start(package) as here:
        _, port = here.address(package)
        return modules(CLIENT.format(package=package, port=port, more=more))


def test_a_sync_pop3_session_loads_no_asyncio() -> None:
    loaded = sync_session("pop3", "client.stat()")
    assert "asyncio" not in loaded


def test_a_sync_nntp_session_loads_no_asyncio() -> None:
    loaded = sync_session(
        "nntp", "client.group('misc.test'); list(client.overview()); list(client.articles())")
    assert "asyncio" not in loaded


def test_a_sync_ftp_session_loads_no_asyncio() -> None:
    loaded = sync_session("ftp", "list(client.list(''))")
    assert "asyncio" not in loaded


LINK = """
from postel.ssh.link_sync import open_link
from postel.ssh.types import SSHOptions
with open_link("127.0.0.1", port={port}, user="alice", password="secret",
               options=SSHOptions(backend="ssh", config="none", known_hosts={keys!r})) as link:
    link.send(b"\\0\\0\\0\\5\\1\\0\\0\\0\\3")
    assert link.receive()
"""


def test_a_sync_ssh_link_loads_no_asyncio() -> None:
    import shutil

    from postel import lab

    if shutil.which("ssh") is None:
        pytest.skip("there is no ssh here: openssh-client")
    with lab.start("sftp") as here:
        code = LINK.format(port=here.address("sftp")[1], keys=str(here.sftp.host_keys))
        loaded = modules(code)
    assert not loaded & {"asyncio", "asyncssh"}


def test_a_sync_http_session_loads_no_asyncio() -> None:
    from postel import lab

    code = ("from postel import http\n"
            "with http.Client('http://127.0.0.1:{port}') as web:\n"
            "    web.get('/'), list(web.get_many(['/'])), web.post('/', json=1)\n")
    with lab.start("http") as here:
        _, port = here.address("http")
        loaded = modules(code.format(port=port))
    assert "postel.http.client_sync" in loaded
    assert "asyncio" not in loaded


def test_a_sync_tftp_session_loads_no_asyncio() -> None:
    from postel import lab

    code = ("from postel import tftp\n"
            "with tftp.Client('127.0.0.1', port={port}) as site:\n"
            "    b''.join(site.get('f').__enter__())\n")
    with lab.start("tftp") as here:
        here.tftp.files.put("/f", b"x")
        loaded = modules(code.format(port=here.address("tftp")[1]))
    assert "postel.tftp.client_sync" in loaded
    assert "asyncio" not in loaded


def test_a_sync_dns_session_loads_no_asyncio() -> None:
    from postel import lab

    code = ("from postel import dns\n"
            "with dns.Client('127.0.0.1:{port}') as names: names.a('dns.lab.test')\n"
            "from postel.mail import Check, Direct, Router, authenticate\n")
    with lab.start("dns") as here:
        loaded = modules(code.format(port=here.dns.port))
    assert "postel.dns.client_sync" in loaded
    assert "asyncio" not in loaded


def test_sync_sessions_of_terminals_load_no_asyncio() -> None:
    from postel import lab

    code = ("from postel import expect\n"
            "with expect.connect('telnet://127.0.0.1:{port}') as there: there.expect('login: ')\n"
            "with expect.spawn('true') as program: program.expect_end()\n"
            "import postel.ssh.client_sync, postel.telnet.serial_sync\n")
    with lab.start("telnet") as here:
        loaded = modules(code.format(port=here.address("telnet")[1]))
    assert "postel.telnet.client_sync" in loaded
    assert not loaded & {"asyncio", "asyncssh"}


def test_a_sync_local_session_loads_no_asyncio() -> None:
    code = "from postel import local\nwith local.Client('.') as here: list(here.list())"
    loaded = modules(code)
    assert "postel.local.client_sync" in loaded
    assert not loaded & {"asyncio", "ssl"}


def test_the_package_is_typed() -> None:
    import postel

    assert (Path(postel.__file__).parent / "py.typed").exists()
