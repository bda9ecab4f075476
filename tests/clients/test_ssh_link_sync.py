# GENERATED from test_ssh_link_async.py by tools/unasync.py: edit that file, not this one.
"""Links: who gets in, whose key is believed, what is told when it fails, and what is left behind."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ssh_programs import program, script

from postel import lab
from postel.errors import (
    AuthenticationError,
    ConnectError,
    ConnectionLost,
    HostKeyError,
    NotSupported,
    PostelError,
    ProtocolError,
    TimedOut,
    UsageError,
)
from postel.ssh.link_sync import Link, open_link
from postel.ssh.types import SSHOptions
from postel.timing import NEVER, Deadline
from postel.transport import disk_sync as disk
from postel.transport.clock_sync import now, sleep
from postel.transport.connector_sync import Connector
from postel.transport.memory_sync import pair

pytestmark = pytest.mark.slow

HELLO = b"\0\0\0\5\1\0\0\0\3"
BACKENDS = ["asyncssh", pytest.param("ssh", marks=pytest.mark.skipif(
    shutil.which("ssh") is None, reason="there is no ssh here: openssh-client"))]


@pytest.fixture(scope="module")
def there() -> Iterator[lab.Lab]:
    with lab.start("sftp") as here:
        yield here


@pytest.fixture(autouse=True)
def _as_it_was(there: lab.Lab) -> Iterator[None]:
    yield
    there.sftp.quirks()
    there.sftp.faults.clear()
    there.sftp.options.banner = ""
    for thread in threading.enumerate():  # whatever a test did, the attendants go home
        if thread.name.startswith("ssh to"):
            thread.join(5)
            assert not thread.is_alive()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # nobody left a child behind


def link(there: Any, backend: str = "ssh", **keywords: Any) -> Link:
    """A link to the lab's server."""
    host = keywords.pop("host", f"sftp.{there.domain}")
    settings = {"user": "alice", "password": "secret"}
    for name in ("port", "user", "password", "subsystem", "command", "connector"):
        if name in keywords:
            settings[name] = keywords.pop(name)
    seconds = keywords.pop("seconds", 20)
    return open_link(host, options=SSHOptions(backend=backend, agent=False, **keywords),
                           deadline=Deadline.after(seconds, now=now()), **settings)


def greeted(there: Any, backend: str = "ssh", **keywords: Any) -> bytes:
    """The first bytes that the server says, or the error."""
    stream = link(there, backend, **keywords)
    with stream:
        stream.send(HELLO)
        return stream.receive()


@pytest.mark.parametrize("backend", BACKENDS)
def test_password_key_and_question(there: lab.Lab, backend: str) -> None:
    assert (greeted(there, backend))[4] == 2
    assert (greeted(there, backend, password=lambda: "secret"))[4] == 2
    key = there.sftp.key("alice")
    assert (greeted(there, backend, password=None, identities=(key,)))[4] == 2
    locked = there.sftp.key("alice", "sesame")
    found = greeted(there, backend, password=None, identities=(locked,),
                          passphrase=lambda: "sesame")
    assert found[4] == 2
    there.sftp.quirks("asks")
    assert (greeted(there, backend))[4] == 2


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_wrong_password_is_told(there: lab.Lab, backend: str) -> None:
    with pytest.raises(AuthenticationError, match="log in to alice@sftp") as caught:
        greeted(there, backend, password="Secret")
    assert "tried" in str(caught.value)
    assert "wrong" in caught.value.hint
    with pytest.raises(AuthenticationError) as caught:
        greeted(there, backend, password=None)
    assert "password=" in caught.value.hint


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_callers_own_error_comes_through(there: lab.Lab, backend: str) -> None:
    def ask() -> str:
        raise LookupError("no keyring")

    there.sftp.quirks("no keys")
    with pytest.raises(LookupError, match="no keyring"):
        greeted(there, backend, password=ask)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_host_key_that_is_not_on_record(
    there: lab.Lab, backend: str, tmp_path: Path
) -> None:
    empty = tmp_path / "known_hosts"
    with pytest.raises(HostKeyError, match="not on record") as caught:
        greeted(there, backend, known_hosts=empty)
    assert there.sftp.fingerprint in str(caught.value)
    assert "tofu" in caught.value.hint
    assert (greeted(there, backend, known_hosts=empty, tofu=True))[4] == 2
    assert "ssh-ed25519" in empty.read_text()
    assert (greeted(there, backend, known_hosts=empty))[4] == 2  # on record now


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_host_key_that_has_changed(there: lab.Lab, backend: str, tmp_path: Path) -> None:
    record = tmp_path / "known_hosts"
    public = there.sftp.key("bob").with_suffix(".pub").read_text()
    record.write_text(f"*.{there.domain} {public}")
    for tofu in (False, True):  # trust on first use is no trust on the second
        with pytest.raises(HostKeyError, match="CHANGED") as caught:
            greeted(there, backend, known_hosts=record, tofu=tofu)
        assert there.sftp.fingerprint in str(caught.value)
        assert str(record) in str(caught.value)
        assert "ssh-keygen" in caught.value.hint


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_pinned_host_key(there: lab.Lab, backend: str) -> None:
    assert (greeted(there, backend, fingerprint=there.sftp.fingerprint))[4] == 2
    with pytest.raises(HostKeyError, match="not the one asked for"):
        greeted(there, backend, fingerprint="SHA256:" + "A" * 43)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_host_key_that_is_revoked(there: lab.Lab, backend: str, tmp_path: Path) -> None:
    record = tmp_path / "known_hosts"
    line = there.sftp.host_keys.read_text()
    record.write_text(f"{line}@revoked {line}")
    with pytest.raises(HostKeyError, match="revoked"):
        greeted(there, backend, known_hosts=record, tofu=True)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_long_and_painted_banner_is_let_pass(there: lab.Lab, backend: str) -> None:
    there.sftp.options.banner = "\x1b[31mAuthorised use only.\x07\n" * 900
    assert (greeted(there, backend))[4] == 2
    there.sftp.options.banner = "alice@h: Permission denied (nobody).\n"
    assert (greeted(there, backend))[4] == 2
    with pytest.raises(AuthenticationError) as caught:
        greeted(there, backend, password="wrong")
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_subsystem_that_is_refused(there: lab.Lab, backend: str) -> None:
    there.sftp.quirks("no subsystem")
    with pytest.raises(NotSupported, match="sftp subsystem") as caught:
        greeted(there, backend)
    assert "legacy_scp" in caught.value.hint
    there.sftp.quirks()
    with pytest.raises(NotSupported):
        greeted(there, backend, subsystem="netconf")
    there.sftp.faults.on("CHANNEL")
    with pytest.raises(PostelError):
        greeted(there, backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_port_where_nothing_listens(there: lab.Lab, backend: str) -> None:
    with pytest.raises(ConnectError, match="refused") as caught:
        greeted(there, backend, host="127.0.0.1", port=1)
    assert caught.value.attempts
    assert "SSH" in caught.value.hint or "not running" in caught.value.hint


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("at", [1, 30, 1200, 2000])
def test_a_line_that_is_cut_is_an_error(there: lab.Lab, backend: str, at: int) -> None:
    with there.relay("sftp", cut_after=at) as relay:
        with pytest.raises((ConnectionLost, ProtocolError)) as caught:
            greeted(there, backend, host=relay.host)
        assert relay.host in str(caught.value)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_server_that_says_nothing_is_given_up_in_time(
    there: lab.Lab, backend: str
) -> None:
    with there.relay("sftp", stall_after=0) as relay:
        began = now()
        with pytest.raises(TimedOut, match="no answer in time"):
            greeted(there, backend, host=relay.host, seconds=0.6)
        assert now() - began < 5


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_link_that_is_left_at_once_leaves_nothing(there: lab.Lab, backend: str) -> None:
    stream = link(there, backend)
    stream.close()
    stream.close()
    with pytest.raises(ConnectionLost):
        stream.receive()
    assert stream._partner.wait(5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_known_of_the_other_end(there: lab.Lab, backend: str) -> None:
    stream = link(there, backend)
    with stream:
        stream.send(HELLO)
        stream.receive()
        assert stream.peer.address == "127.0.0.1"
        assert stream.peer.host == f"sftp.{there.domain}"
        assert "SSH" in stream.software
        assert stream.latency >= 0
        stream.end_sending()
        while stream.receive():
            pass
        assert stream.exit_status == 0


def test_neither_arguments_nor_environment_hold_the_password(
    there: lab.Lab, tmp_path: Path
) -> None:
    spy = script(tmp_path, f"""
said = repr(sys.argv) + repr(dict(os.environ))
open({str(tmp_path / 'seen')!r}, 'w').write(said)
helper = os.environ['SSH_ASKPASS']
for attempt in range(2):
    done = subprocess.run([helper, "alice@x's password: "], stdout=subprocess.PIPE)
    os.write(1, b'%d ' % done.returncode + done.stdout)
os.write(1, oct(os.stat(os.path.dirname(helper)).st_mode).encode())
""".replace("os.write(1, b'%d '", "os.write(2, b'debug1: Next authentication method: password\\n'); "
            "os.write(1, b'%d '"))
    stream = link(there, program=spy, password="hunter2")
    said = b""
    with stream:
        while part := stream.receive():
            said += part
    assert said == b"0 hunter2\n1 0o40700"  # once, from a folder that is ours alone
    seen = (tmp_path / "seen").read_text()
    assert "hunter2" not in seen
    assert "SSH_ASKPASS_REQUIRE': 'force'" in seen
    folder = Path(seen.split("'SSH_ASKPASS': '")[1].split("'")[0]).parent
    assert not folder.exists()


def test_the_private_socket_gives_nothing_to_others(there: lab.Lab, tmp_path: Path) -> None:
    """Garbage, silence, floods and false parents get nothing, and hold nobody up."""
    spy = script(tmp_path, """
place = os.path.dirname(os.environ['SSH_ASKPASS']) + '/line'
def ask(data, wait=True):
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(5)
    line.connect(place)
    try:
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        return line.recv(100) if wait else line
    except OSError:
        return b''
os.write(2, b'debug1: Next authentication method: password\\n')
silent = []
for i in range(3):
    line = socket.socket(socket.AF_UNIX)
    line.connect(place)
    silent.append(line)
got = [ask(b''), ask(b'\\xff' * 100), ask(b'x' * 100000), ask(b"1\\n\\na@h's password: "),
       ask(b'0\\n\\n' + b"a@h's password: "), ask(b'socket'),
       ask(str(os.getpid()).encode() + b'\\nconfirm\\nok (yes/no)? ')]
good = ask(str(os.getpid()).encode() + b"\\n\\na@h's password: ")
os.write(1, repr((got, good)).encode())
""")
    stream = link(there, program=spy, password="hunter2")
    said = b""
    with stream:
        while part := stream.receive():
            said += part
    assert said == b"([b'', b'', b'', b'', b'', b'', b''], b'+hunter2')"


def test_a_program_that_talks_without_end_does_not_block(
    there: lab.Lab, tmp_path: Path
) -> None:
    chatty = program(tmp_path, words=b"noise\n" * 200_000, output=b"ready", status=0)
    stream = link(there, program=chatty)
    with stream:
        assert stream.receive() == b"ready"
        assert stream.receive() == b""
    assert len(stream._partner.said.words) < 20_000


def test_control_sequences_are_shown_and_not_obeyed(there: lab.Lab, tmp_path: Path) -> None:
    painted = program(tmp_path, words=b"\x1b[31mPermission denied (\x1b]0;x\x07).\n", status=255)
    with pytest.raises(AuthenticationError) as caught:
        greeted(there, program=painted)
    assert "\x1b" not in str(caught.value) + caught.value.hint + caught.value.text


def test_a_program_that_will_not_end_is_ended(there: lab.Lab, tmp_path: Path) -> None:
    stubborn = script(tmp_path, """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(1, b'x')
time.sleep(60)
""")
    stream = link(there, program=stubborn)
    assert stream.receive() == b"x"
    stream.close()
    assert stream._partner.wait(8)
    assert stream._partner.status == -9


def test_a_program_that_waits_for_a_password_is_ended(
    there: lab.Lab, tmp_path: Path
) -> None:
    """Whoever is asked may take his time: the link is closed, and nothing runs on."""
    asked, go_on = threading.Event(), threading.Event()

    def ask() -> str:
        asked.set()
        go_on.wait(20)
        return "late"

    spy = script(tmp_path, """
os.write(2, b'debug1: Next authentication method: password\\n')
subprocess.run([os.environ['SSH_ASKPASS'], "a@h's password: "])
""")
    stream = link(there, program=spy, password=ask)
    assert disk.call(asked.wait, 10)
    stream.close()
    for _ in range(100):
        if not Path(f"/proc/{stream._partner.pid}/cmdline").exists() or not Path(
                f"/proc/{stream._partner.pid}/cmdline").read_bytes():
            break
        sleep(0.05)
    else:
        raise AssertionError("it runs on")
    go_on.set()
    assert stream._partner.wait(5)


def test_a_program_that_dies_is_an_error(there: lab.Lab, tmp_path: Path) -> None:
    dying = script(tmp_path, "os.write(1, b'x'); os.kill(os.getpid(), 9)")
    stream = link(there, program=dying)
    with stream:
        assert stream.receive() == b"x"
        with pytest.raises(ConnectionLost, match="signal 9"):
            stream.receive()
        with pytest.raises(ConnectionLost, match="signal 9"):
            stream.receive()


def test_sending_to_a_program_that_has_ended_tells_why(
    there: lab.Lab, tmp_path: Path
) -> None:
    gone = program(tmp_path, words=b"ann@h: Permission denied (publickey).\n", status=255)
    stream = link(there, program=gone)
    with stream:
        with pytest.raises(AuthenticationError):
            for _ in range(100):
                stream.send(b"x" * 100_000)
                sleep(0.01)


def test_a_command_has_an_exit_status(there: lab.Lab, tmp_path: Path) -> None:
    failing = program(tmp_path, output=b"out", last=b"Permission denied (really).\n", status=3)
    stream = link(there, program=failing, command="false")
    with stream:
        assert stream.receive() == b"out"
        assert stream.receive() == b""  # its words are its own, whatever they sound like
        assert stream.exit_status == 3


def test_a_program_that_is_not_there(there: lab.Lab, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no program"):
        link(there, program=str(tmp_path / "nothing"))
    broken = tmp_path / "broken"
    broken.write_text("#!/nonexistent/interpreter\n")
    broken.chmod(0o755)
    with pytest.raises(UsageError, match="start"):
        link(there, program=str(broken))


def test_words_that_would_be_options_never_run(there: lab.Lab, tmp_path: Path) -> None:
    for host in ("-oProxyCommand=touch x", "a b", "a\nb"):
        with pytest.raises(UsageError):
            link(there, host=host)
    with pytest.raises(UsageError):
        link(there, user="-oProxyCommand=x")


def test_connections_that_cannot_be_handed_on(there: lab.Lab) -> None:
    """What is no plain socket of the system's is refused in words, by both backends."""
    for backend in ("ssh", "asyncssh"):
        if backend == "ssh" and shutil.which("ssh") is None:
            continue
        with pytest.raises(UsageError, match=r"network|TLS"):
            link(there, backend, connector=OverMemory())


class OverMemory(Connector):
    """Connects to nobody."""

    def connect(self, host: str, port: int, *, deadline: Deadline = NEVER) -> Any:
        near, _ = pair()
        return near
