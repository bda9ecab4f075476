"""What ssh(1) says, and the error it becomes: the words are those of OpenSSH 7.4 to 10.0."""

from __future__ import annotations

import pickle

import pytest

from postel.errors import (
    AuthenticationError,
    ConnectError,
    ConnectionLost,
    Forbidden,
    HostKeyError,
    NotSupported,
    PostelError,
    ProtocolError,
    ResolveError,
    TimedOut,
    TryLater,
    UsageError,
)
from postel.ssh.command import Goal
from postel.ssh.complaints import LONGEST_WORDS, Said

CHANGED = b"""\
debug1: Server host key: ssh-ed25519 SHA256:AbCd
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Add correct host key in /home/ann/.ssh/known_hosts to get rid of this message.
Offending ED25519 key in /home/ann/.ssh/known_hosts:12
  remove with:
  ssh-keygen -f "/home/ann/.ssh/known_hosts" -R "files.example.org"
Host key for files.example.org has changed and you have requested strict checking.
Host key verification failed.
"""
UNKNOWN = b"""\
debug1: Server host key: ssh-ed25519 SHA256:AbCd
No ED25519 host key is known for files.example.org and you have requested strict checking.\r
Host key verification failed.\r
"""

CASES: list[tuple[bytes, int, type[PostelError], list[str]]] = [
    (b"ssh: Could not resolve hostname nowhere.example: Name or service not known\r\n", 255,
     ResolveError, ["look up nowhere.example", "not known"]),
    (b"debug1: Connecting to h [192.0.2.1] port 22.\r\nssh: connect to host h port 22: Connection "
     b"refused\r\n", 255, ConnectError, ["192.0.2.1", "refused"]),
    (b"ssh: connect to host h port 22: Connection timed out\r\n", 255, ConnectError,
     ["timed out"]),
    (b"ssh: connect to host h port 22: No route to host\r\n", 255, ConnectError, ["No route"]),
    (CHANGED, 255, HostKeyError, ["CHANGED", "SHA256:AbCd", "/home/ann/.ssh/known_hosts line 12"]),
    (UNKNOWN, 255, HostKeyError, ["not on record", "ssh-ed25519 SHA256:AbCd"]),
    (b"@    WARNING: REVOKED HOST KEY DETECTED!               @\n", 255, HostKeyError, ["revoked"]),
    (b"Host key verification failed.\r\n", 255, HostKeyError, ["could not be verified"]),
    (b"debug1: Next authentication method: publickey\n"
     b"ann@h: Permission denied (publickey,password).\r\n", 255, AuthenticationError,
     ["tried: publickey", "the server takes: publickey,password"]),
    (b"Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures\r\n"
     b"Disconnected from 192.0.2.1 port 22\r\n", 255, AuthenticationError, ["Too many"]),
    (b"subsystem request failed on channel 0\r\n", 255, NotSupported, ["sftp", "refused"]),
    (b"exec request failed on channel 0\r\n", 255, Forbidden, ["refused"]),
    (b"channel 0: open failed: administratively prohibited: open failed\n", 255, Forbidden,
     ["prohibited"]),
    (b"channel 0: open failed: resource shortage: no more\n", 255, TryLater, ["shortage"]),
    (b"Unable to negotiate with 192.0.2.1 port 22: no matching host key type found. Their offer: "
     b"ssh-rsa,ssh-dss\r\n", 255, NotSupported, ["host key type", "ssh-rsa,ssh-dss"]),
    (b"Unable to negotiate with UNKNOWN port 65535: no matching cipher found. Their offer: 3des"
     b"\r\n", 255, NotSupported, ["cipher", "3des"]),
    (b"command-line: line 0: Bad configuration option: nonsense\r\n", 255, UsageError,
     ["nonsense"]),
    (b"/home/ann/.ssh/config: line 3: Bad configuration option: hots\r\n", 255, UsageError,
     ["hots"]),
    (b"Bad owner or permissions on /home/ann/.ssh/config\r\n", 255, UsageError, ["Bad owner"]),
    (b"Can't open user config file /nowhere: No such file or directory\r\n", 255, UsageError,
     ["/nowhere"]),
    (b"banner exchange: Connection to 192.0.2.1 port 80: invalid format\r\n", 255, ProtocolError,
     ["does not speak SSH"]),
    (b"kex_exchange_identification: banner line contains invalid characters\r\n", 255,
     ProtocolError, ["does not speak SSH"]),
    (b"Protocol major versions differ: 2 vs. 1\r\n", 255, ProtocolError, ["versions differ"]),
    (b"Connection timed out during banner exchange\r\nConnection to h port 22 timed out\r\n", 255,
     TimedOut, ["no answer in time"]),
    (b"Timeout, server h not responding.\r\n", 255, TimedOut, ["not responding"]),
    (b"channel 0: open failed: connect failed: Connection refused\r\nstdio forwarding failed\r\n"
     b"Connection closed by UNKNOWN port 65535\r\n", 255, ConnectError,
     ["by way of another", "connect failed"]),
    (b"kex_exchange_identification: Connection closed by remote host\r\n", 255, ConnectionLost,
     ["closed by remote host"]),
    (b"", 255, ConnectionLost, ["ended while starting ssh"]),
    (b"", -9, ConnectionLost, ["signal 9"]),
    (b"sh: 1: /usr/lib/sftp-server: not found\n", 127, NotSupported,
     ["status 127", "sftp-server: not found"]),
]


@pytest.mark.parametrize(("said", "status", "kind", "parts"), CASES,
                         ids=[f"{kind.__name__}-{i}" for i, (_, _, kind, _) in enumerate(CASES)])
def test_each_complaint_is_its_error(
    said: bytes, status: int, kind: type[PostelError], parts: list[str]
) -> None:
    whole, bytewise = Said(), Said()
    whole.feed(said)
    for i in range(len(said)):
        bytewise.feed(said[i:i + 1])
    error, same = (one.verdict(Goal("h", user="ann"), status) for one in (whole, bytewise))
    assert type(error) is kind, error
    assert str(error) == str(same)
    for part in parts:
        assert part in str(error) + error.hint
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_changed_key_is_explained_with_the_remedy() -> None:
    said = Said()
    said.feed(CHANGED)
    error = said.verdict(Goal("files.example.org"), 255)
    assert error is not None
    assert 'ssh-keygen -f "/home/ann/.ssh/known_hosts" -R "files.example.org"' in error.hint
    assert "reading along" in error.hint


def test_a_pin_that_does_not_fit_is_no_unknown_key() -> None:
    said = Said()
    said.feed(UNKNOWN)
    error = said.verdict(Goal("h", pin="/tmp/pin"), 255)
    assert "not the one asked for" in str(error)


def test_a_good_end_is_no_error_whatever_was_said() -> None:
    said = Said()
    said.feed(b'Authenticated to h ([::1]:22) using "publickey".\n'
              b"Permission denied (publickey).\nHost key verification failed.\n")
    assert said.verdict(Goal("h"), 0) is None
    assert Said().verdict(Goal("h"), 0) is None


def test_an_exit_status_that_somebody_else_took() -> None:
    """Where SIGCHLD is ignored, every program seems to have ended well."""
    said = Said()
    said.feed(b"ann@h: Permission denied (publickey).\n")
    assert type(said.verdict(Goal("h"), 0)) is AuthenticationError


def test_a_command_may_fail_by_itself() -> None:
    assert Said().verdict(Goal("h", subsystem=None, command="false"), 1) is None


def test_after_the_log_in_words_are_a_commands_own() -> None:
    said = Said()
    said.feed(b'Authenticated to h ([::1]:22) using "publickey".\n'
              b"ann@h: Permission denied (publickey).\nHost key verification failed.\n")
    error = said.verdict(Goal("h", subsystem=None, command="x"), 255)
    assert type(error) is ConnectionLost
    said.feed(b"subsystem request failed on channel 0\n")
    assert type(said.verdict(Goal("h"), 255)) is NotSupported


def test_the_stage_is_told() -> None:
    said = Said()
    stages = []
    for line in (b"debug1: Connecting to h [::1] port 22.\n", b"debug1: Connection established.\n",
                 b"debug1: Remote protocol version 2.0, remote software version OpenSSH_9.9\n",
                 b"debug1: SSH2_MSG_KEXINIT sent\n", b"debug1: SSH2_MSG_SERVICE_ACCEPT received\n",
                 b'Authenticated to h ([::1]:22) using "publickey".\n'):
        said.feed(line)
        stages.append(said.stage)
    assert stages[0] == "connecting"
    assert stages[-1] == "waiting for the other end to start"
    assert said.software == "OpenSSH_9.9"
    assert said.address == "::1"
    assert said.authenticated
    assert not said.words


def test_remarks_on_keys_become_notes() -> None:
    said = Said()
    said.feed(b"Load key \"/k\": bad permissions\nann@h: Permission denied (publickey).\n")
    error = said.verdict(Goal("h"), 255)
    assert error is not None
    assert any("bad permissions" in note for note in error.__notes__)


def test_hints_fit_what_was_tried() -> None:
    denied = b"ann@h: Permission denied (publickey,password).\n"
    for goal, word in ((Goal("h"), "password="), (Goal("h", prompts=True), "wrong")):
        said = Said()
        said.feed(denied)
        error = said.verdict(goal, 255)
        assert error is not None
        assert word in error.hint
    said = Said(asked_of_us=["Verification code: "])
    said.feed(denied)
    error = said.verdict(Goal("h", prompts=True), 255)
    assert error is not None
    assert "Verification code" in error.hint


def test_what_a_peer_says_is_shown_escaped() -> None:
    said = Said()
    said.feed(b"\x1b[2J\x1b]0;owned\x07 evil \xff\n")
    error = said.verdict(Goal("h"), 255)
    assert "\x1b" not in str(error)
    assert r"\x1b[2J" in str(error)


def test_endless_words_are_bounded() -> None:
    said = Said()
    for _ in range(300):
        said.feed(b"x" * 5000 + b"\n")
    said.feed(b"y" * (LONGEST_WORDS + 10))
    said.feed(b"no line end" * 100_000)
    assert sum(map(len, said.words)) <= LONGEST_WORDS + 2000
    assert len(said._rest) <= LONGEST_WORDS
