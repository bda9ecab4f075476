"""The lab's Telnet and SSH servers against clients that others wrote: telnet, ssh, telnetlib3.

telnetlib3 is looked for here, in bench/.peers, in the system's Python, and in the one that
POSTEL_PEERS names.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postel import expect, lab

ROOT = Path(__file__).resolve().parents[2]
Tool = Callable[[str], Path]


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start("telnet", "ssh") as started:
        yield started


def test_inetutils_telnet(here: lab.Lab, tool: Tool) -> None:
    host, port = here.address("telnet")
    with expect.spawn([str(tool("inetutils-telnet")), host, str(port)], columns=88, rows=28,
                      timeout=20) as there:
        there.expect(login="lab login: ")
        there.send_line("alice")
        there.expect(password="Password: ")
        there.send_line("secret")
        there.expect(prompt="lab$ ")
        assert there.command("size") == b"28 88\r\n"
        there.resize(77, 22)
        there.prompt = b"lab$ "
        assert there.command("size") == b"22 77\r\n"
        there.send_line("exit")
        there.expect(closed="Connection closed")


def ssh(here: lab.Lab, tool: Tool, *words: str) -> list[str]:
    host, port = here.address("ssh")
    key = here.ssh.key("alice")
    return [str(tool("ssh")), "-F", "none", "-i", str(key), "-o", "IdentitiesOnly=yes", "-o",
            f"UserKnownHostsFile={here.ssh.host_keys}", "-p", str(port), *words, f"alice@{host}"]


def test_openssh(here: lab.Lab, tool: Tool) -> None:
    done = subprocess.run([*ssh(here, tool), "count"], input=b"x" * 1_000_000, timeout=30,
                          capture_output=True, check=True)
    assert done.stdout == b"1000000\n"
    done = subprocess.run([*ssh(here, tool), "status 6"], timeout=30, check=False)
    assert done.returncode == 6
    with expect.spawn(ssh(here, tool), columns=88, rows=28, timeout=20) as there:
        there.expect(prompt="lab$ ")
        assert there.find_prompt() == b"lab$ "
        assert there.command("size") == b"28 88\r\n"
        there.send_line("exit 5")
        there.expect_end()
        assert there.status() == 5


def test_telnetlib3(here: lab.Lab) -> None:
    host, port = here.address("telnet")
    script = Path(__file__).with_name("strangers") / "telnet_peers.py"
    places = [sys.executable, str(ROOT / "bench" / ".peers" / "venv" / "bin" / "python"),
              "/usr/bin/python3", os.environ.get("POSTEL_PEERS", "")]
    for python in places:
        if python and Path(python).exists() and not subprocess.run(
                [python, "-c", "import telnetlib3"], capture_output=True, check=False).returncode:
            break
    else:
        pytest.skip("telnetlib3 is absent: bench/.peers, or POSTEL_PEERS")
    done = subprocess.run([python, str(script), host, str(port)], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "31 93" in done.stdout
    assert "vt220" in done.stdout.lower()
