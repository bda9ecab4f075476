"""``postel telnet``, ``ssh`` and ``expect``, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from postel import expect, lab

SCRIPT = """\
[connect]
url = "telnet://{host}:{port}"
timeout = 10
[secrets]
pw = {{env = "PW", prompt = "Password"}}
[values]
user = "alice"
[[step]]
expect = {{login = "login: "}}
[[step]]
send = "${{user}}"
[[step]]
expect = "assword: "
[[step]]
secret = "pw"
[[step]]
expect = {{prompt = "$ ", denied = "incorrect"}}
on = {{denied = "no"}}
[[step]]
command = "echo ${{word}} id=7"
capture = "said"
[[step]]
send = "echo id=8;"
[[step]]
expect = {{regex = 'id=(?P<id>\\d+);\\r\\n.*id'}}
[[step]]
resize = [70, 20]
[[step]]
key = "c"
[[step]]
type = ""
[[step]]
goto = "end"
[[step]]
label = "no"
fail = "the password of ${{user}} was refused"
"""


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start("telnet", "ssh") as started:
        yield started


def run(*words: str, code: int = 0, data: bytes = b"", **environ: str
        ) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([sys.executable, "-m", "postel", *words], input=data, timeout=50,
                          capture_output=True, env={**os.environ, **environ}, check=False)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done


def script(here: lab.Lab, folder: Path) -> str:
    host, port = here.address("telnet")
    path = folder / "s.toml"
    path.write_text(SCRIPT.format(host=host, port=port))
    return str(path)


def test_a_script_is_played(here: lab.Lab, tmp_path: Path) -> None:
    path, record = script(here, tmp_path), tmp_path / "r.json"
    done = run("expect", path, "--set", "word=hi", "--json", "--record", str(record), PW="secret")
    assert json.loads(done.stdout) == {"ok": True, "steps": 12,
                                       "values": {"said": "hi id=7", "id": "8"}}
    assert b"secret" not in record.read_bytes()


@pytest.mark.slow
def test_scripts_that_fail_say_where(here: lab.Lab, tmp_path: Path) -> None:
    path = script(here, tmp_path)
    done = run("expect", path, "--set", "word=hi", "-v", PW="wrong", code=1)
    assert b"s.toml line 34: the password of alice was refused" in done.stderr
    assert b"| lab login: " in done.stderr
    assert b"set the variable PW" in run("expect", path, code=4).stderr
    done = run("expect", path, PW="secret", code=2)
    assert b"s.toml line 19: there is no value ${word}" in done.stderr
    assert b"13 steps, nothing wrong" in run("expect", path, "--check").stdout


def ssh(here: lab.Lab, *words: str, code: int = 0, data: bytes = b"", options: tuple[str, ...] = ()
        ) -> subprocess.CompletedProcess[bytes]:
    host, port = here.address("ssh")
    return run("ssh", "--known-hosts", str(here.ssh.host_keys), *options, f"alice@{host}:{port}",
               *words, code=code, data=data, POSTEL_PASSWORD="secret")


@pytest.mark.slow
def test_a_command_by_ssh(here: lab.Lab) -> None:
    done = ssh(here, "count", data=b"x" * 100_000)
    assert (done.stdout, done.stderr) == (b"100000\n", b"")


@pytest.mark.slow
def test_commands_by_ssh(here: lab.Lab) -> None:
    done = ssh(here, "complain", "oh", code=1)
    assert (done.stdout, done.stderr) == (b"", b"oh\n")
    assert ssh(here, "status", "9", code=9).stdout == b""
    assert b"local port" in ssh(here, "true", options=("-L", "127.0.0.1:9", "-D", "0")).stderr
    assert b"write PORT:HOST:PORT" in ssh(here, "true", options=("-L", "x"), code=2).stderr


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["telnet", "ssh"])
def test_a_person_at_a_terminal(here: lab.Lab, verb: str) -> None:
    host, port = here.address(verb)
    words = {"telnet": ["telnet", host, str(port)],
             "ssh": ["ssh", "--known-hosts", str(here.ssh.host_keys), f"alice@{host}:{port}"]}[verb]
    environ = {**os.environ, "POSTEL_PASSWORD": "secret", "TERM": "vt220"}
    with expect.spawn([sys.executable, "-m", "postel", *words], environ=environ, columns=77,
                      rows=22, timeout=30, newline=b"\r") as person:
        if verb == "telnet":
            person.expect(login="login: ")
            person.send_line("alice")
            person.expect(password="Password: ")
            person.send_line("secret")
        person.expect(prompt="lab$ ")
        person.send_line("size")
        person.expect(size="22 77")
        person.resize(60, 20)
        person.expect(prompt="lab$ ")
        person.send_line("size")
        person.expect(size="20 60")
        person.expect(prompt="lab$ ")
        person.send_key("]")
        person.expect_end()
        assert person.status() == 0


@pytest.mark.slow
def test_telnet_from_a_pipe(here: lab.Lab) -> None:
    host, port = here.address("telnet")
    done = run("telnet", host, str(port), data=b"alice\r\nsecret\r\nwhoami\r\nexit\r\n")
    assert b"alice\r\nlab$ " in done.stdout
    assert b"the server ended" in done.stderr
    done = run("telnet", f"telnet://{host}:{port}", "--baud", "19200", data=b"alice\r\nx\r\n\x04\x04")
    assert b"the line is set to 19200 8N1" in done.stderr
    assert b"telnet:// or telnets://" in run("telnet", "ftp://h", code=2).stderr
