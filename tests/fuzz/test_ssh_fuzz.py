"""What ssh says, what it asks, and scp's lines, at random: a value or our error, and nothing else."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from postel.errors import PostelError, ProtocolError, TransferError, UsageError
from postel.secrets import Secret
from postel.ssh import scp_wire
from postel.ssh.command import Goal, arguments
from postel.ssh.complaints import LONGEST_WORDS, Said
from postel.ssh.prompts import Prompts
from postel.ssh.types import SSHOptions

PIECES = st.sampled_from([
    b"debug1: ", b"Connecting to h [::1] port 22.", b"\n", b"\r\n", b"Authenticated to h",
    b"Permission denied (publickey).", b"Host key verification failed.", b"\x1b[2J", b"\xff\xfe",
    b"Offending ED25519 key in /k:1", b"Host key for h has changed", b"no matching cipher found. "
    b"Their offer: ", b"ssh: connect to host h port 22: refused", b"channel 0: open failed: ",
    b"Next authentication method: ", b"Server host key: ssh-rsa SHA256:x", b"@    WARNING: "])


@given(st.lists(st.one_of(PIECES, st.binary(max_size=30)), max_size=40),
       st.one_of(st.none(), st.integers(-15, 255)), st.booleans())
def test_whatever_ssh_says(pieces: list[bytes], status: int | None, command: bool) -> None:
    goal = Goal("h", subsystem=None, command="x") if command else Goal("h")
    whole, apart = Said(), Said()
    whole.feed(b"".join(pieces))
    for piece in pieces:
        apart.feed(piece)
    one, other = whole.verdict(goal, status), apart.verdict(goal, status)
    assert str(one) == str(other)
    assert one is None or isinstance(one, PostelError)
    assert "\x1b" not in str(one)
    assert sum(map(len, whole.words)) <= LONGEST_WORDS + 2000


@given(st.text(max_size=80), st.sampled_from(["", "password", "publickey", "keyboard-interactive"]),
       st.booleans(), st.sampled_from(["", "confirm", "none"]))
def test_whatever_is_asked(prompt: str, method: str, ours: bool, hint: str) -> None:
    prompts = Prompts("secret", SSHOptions(passphrase="sesame"), lambda text: None)
    found = prompts.answer(prompt, method, ours=ours, hint=hint)
    if found is not None:
        assert ours
        assert hint != "confirm"
        assert "assword" in prompt or "ASSWORD" in prompt.upper() or "passphrase" in prompt
        assert found in (Secret("secret"), Secret("sesame"))


@given(st.binary(max_size=60) | st.builds(
    lambda kind, mode, size, name: kind + mode + b" " + size + b" " + name,
    st.sampled_from([b"C", b"D", b"T", b"E", b"\1", b"\2"]),
    st.sampled_from([b"0644", b"4755", b"99", b"-1", b"0"]),
    st.sampled_from([b"0", b"5", b"-5", b"9" * 30, b"0x5"]),
    st.sampled_from([b"a", b"..", b".", b"", b"/etc/x", b"a\0b", b"a\\b", b"C:x", b"\xff"])))
def test_whatever_scp_says(line: bytes) -> None:
    try:
        record = scp_wire.parse(line)
    except (ProtocolError, TransferError):
        return
    if isinstance(record, scp_wire.FileRecord | scp_wire.FolderRecord):
        assert not set(record.name) & {"/", "\0", "\\"}
        assert record.name not in ("", ".", "..")
        assert record.mode == record.mode & 0o777
        with contextlib.suppress(TransferError):
            scp_wire.expected(record.name, "/pub/a")


@given(st.text(max_size=30), st.one_of(st.none(), st.text(max_size=30)), st.text(max_size=30))
def test_whatever_is_to_be_reached(host: str, user: str | None, command: str) -> None:
    """No word of the caller's is ever where ssh would take it for an option."""
    try:
        words = arguments("ssh", Goal(host, user=user, subsystem=None, command=command),
                          SSHOptions())
    except UsageError:
        return
    end = words.index("--")
    assert words[end:] == ["--", host, command]
    assert not host.startswith("-")
    if user is not None:
        assert words[words.index("-l") + 1] == user
        assert not user.startswith("-")


@given(st.text(max_size=40))
def test_a_path_is_one_word_of_a_shell(path: str) -> None:
    import shlex

    try:
        command = scp_wire.command("-f", path)
    except UsageError:
        return
    assert shlex.split(command) == ["scp", "-f", "--", path or "."]
