"""What SSH's users hold in their hands: how a connection is to be made. Frozen, no I/O."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..errors import UsageError
from ..secrets import Secret

__all__ = ["Backend", "Finished", "SSHOptions"]

Backend = Literal["auto", "ssh", "asyncssh"]

_PIN = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_EXTRA = re.compile(r"([A-Za-z][A-Za-z0-9]*)\s*[= ]\s*(.*\S)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_OURS = {
    "stricthostkeychecking": "tofu=True accepts the key of a host that is new",
    "userknownhostsfile": "known_hosts= names another file",
    "globalknownhostsfile": "known_hosts= names another file",
    "knownhostscommand": "fingerprint= takes one key and no other",
    "hostkeyalias": "host_key_alias= says under which name its key is on record",
    "identityfile": "identities= takes the files of keys",
    "proxycommand": "jump= goes by way of another host, proxy= by a SOCKS5 or HTTP proxy",
    "proxyusefdpass": "jump= goes by way of another host, proxy= by a SOCKS5 or HTTP proxy",
    "proxyjump": "jump= goes by way of another host",
    "port": "port= is the client's own keyword",
    "user": "user= is the client's own keyword",
    "batchmode": "a password, a passphrase or answer= turns it off",
    "numberofpasswordprompts": "a password is tried once",
    "remotecommand": "the client asks for what it needs",
    "sessiontype": "the client asks for what it needs",
    "requesttty": "files need no terminal",
    "localcommand": "nothing is run here",
    "permitlocalcommand": "nothing is run here",
    "forkafterauthentication": "the program must stay ours",
    "stdinnull": "its input is the connection",
    "loglevel": "its words become errors",
    "ciphers": "ciphers= sets them",
    "compression": "compression= turns it on",
}
"""Settings of ssh(1) that have a field here, or that the connection stands on."""


@dataclass(frozen=True, slots=True)
class SSHOptions:
    """How an SSH connection is made.

    Everything else comes from the user's ``~/.ssh/config``, as for ssh(1) itself: aliases, keys,
    agents, jump hosts, certificates.

    Args:
        backend: ``"ssh"`` runs the system's program, ``"asyncssh"`` the library (extra ``ssh``);
            ``"auto"`` the program where there is one.
        program: the program to run instead of ``ssh`` as found on the path.
        config: file to read instead of ``~/.ssh/config``; ``"none"`` reads none.
        identities: files of private keys to offer; the agent's others are then not offered.
        passphrase: for those that are locked: a string, or a function of no arguments.
        known_hosts: file of host keys to trust, instead of the user's and the system's.
        tofu: whether the key of a host that is not on record is accepted, and put on record
            ("trust on first use"). A changed key is refused all the same.
        fingerprint: the one host key to accept (``SHA256:…``, as ``ssh-keygen -l`` prints it);
            what is on record is not looked at.
        host_key_alias: the name under which the host's key is on record.
        jump: ``[user@]host[:port]`` to go by way of; several with commas.
        agent: False leaves the agent alone.
        compression: whether to compress.
        ciphers: as in ssh_config(5); by default AES-GCM goes first where the processor has AES.
        options: further settings of ssh_config(5), each ``"Name=value"``.
        answer: called with each prompt that is for neither password nor passphrase (a one-time
            code, a new password); returns the answer, or None to refuse.
        legacy_scp: allows `postel.ssh.SCP`, which speaks the old protocol of scp(1).

    Example:
        >>> SSHOptions(tofu=True, jump="gate.example.org").tofu
        True
        >>> SSHOptions(options=("StrictHostKeyChecking=no",))
        Traceback (most recent call last):
        ...
        postel.errors.UsageError: SSHOptions: options: StrictHostKeyChecking is not set this way
    """

    backend: Backend = "auto"
    program: str | None = None
    config: str | Path | None = None
    identities: tuple[str | Path, ...] = ()
    passphrase: str | Secret | Callable[[], str | Secret] | None = field(default=None, repr=False)
    known_hosts: str | Path | None = None
    tofu: bool = False
    fingerprint: str | None = None
    host_key_alias: str | None = None
    jump: str | None = None
    agent: bool = True
    compression: bool = False
    ciphers: str | None = None
    options: tuple[str, ...] = ()
    answer: Callable[[str], str | Secret | None] | None = field(default=None, repr=False)
    legacy_scp: bool = False

    def __post_init__(self) -> None:
        if self.backend not in ("auto", "ssh", "asyncssh"):
            raise _wrong(f"backend={self.backend!r} is not known", "auto, ssh or asyncssh")
        if isinstance(self.passphrase, str):  # shows as *** wherever it goes
            object.__setattr__(self, "passphrase", Secret(self.passphrase))
        if isinstance(self.identities, (str, Path)):
            object.__setattr__(self, "identities", (self.identities,))
        if self.fingerprint is not None:
            object.__setattr__(self, "fingerprint", self.fingerprint.rstrip("="))
            if not _PIN.fullmatch(self.fingerprint):
                raise _wrong("fingerprint is not one",
                             "SHA256: and 43 characters, as `ssh-keygen -l` prints it")
            if self.tofu:
                raise _wrong("a fingerprint and tofu exclude each other", "leave tofu out")
        for text in self._texts():
            if _CONTROL.search(text):
                raise _wrong("a control character in a setting", "")
        for text in self.options:
            _check_extra(text)

    def _texts(self) -> list[str]:
        single = (self.program, self.config, self.known_hosts, self.host_key_alias, self.jump,
                  self.ciphers)
        return [str(text) for text in (*single, *self.identities, *self.options)
                if text is not None]


def _check_extra(text: str) -> None:
    match = _EXTRA.fullmatch(text)
    if match is None:
        raise _wrong(f"options: {text!r} is not Name=value", "as in ssh_config(5)")
    if (instead := _OURS.get(match[1].lower())) is not None:
        raise _wrong(f"options: {match[1]} is not set this way", instead)


def _wrong(what: str, hint: str) -> UsageError:
    return UsageError(f"SSHOptions: {what}", hint=hint)


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended.

    Args:
        command: what was run.
        status: its exit status; 255 when a signal ended it.
        stdout: what it wrote.
        stderr: what it complained of.
        signal: the signal that ended it, where the server told and the backend tells: ``"TERM"``.

    Example:
        >>> done = Finished("uptime", 0, b"up 3 days\\n", b"")
        >>> done.ok, done.text
        (True, 'up 3 days\\n')
    """

    command: str
    status: int
    stdout: bytes
    stderr: bytes
    signal: str = ""

    @property
    def ok(self) -> bool:
        """Whether its status is 0."""
        return self.status == 0

    @property
    def text(self) -> str:
        """What it wrote, as text."""
        return self.stdout.decode("utf-8", "replace")
