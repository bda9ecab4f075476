"""What ssh(1) writes to its standard error, as our errors.

A grammar module: text in, values out. The program runs with LogLevel=DEBUG1, so its words tell
how far it has come ("debug1: Authenticated …"), what the server is, which key it showed and which
ways to log in it takes. What the other end sends for this channel (a banner, the standard error of
a remote command) arrives between those lines; it may choose our words of apology, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import (
    Attempt,
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
from ..wire.text import display
from .command import Goal

__all__ = ["LONGEST_WORDS", "Said"]

LONGEST_WORDS = 65_536
"""Bytes kept of what the program says: its beginning; of the rest, the newest."""

_LINE = 1000
_STAGES = (
    ("debug1: Connecting to ", "connecting"),
    ("debug1: Connection established", "waiting for the server's banner"),
    ("debug1: SSH2_MSG_KEXINIT sent", "agreeing on keys"),
    ("debug1: SSH2_MSG_SERVICE_ACCEPT received", "logging in"),
    ("Authenticated to ", "waiting for the other end to start"),
    ("debug1: Entering interactive session", "waiting for the other end to start"),
)
_REMARK = re.compile(r"Load key|Identity file|Permissions \d+ for|Bad owner|no such identity|"
                     r"sign_and_send_pubkey|agent refused|Warning: Identity")
_NO_COMPLAINTS = ("Authenticated to ", "Transferred: sent ", "Bytes per second: ",
                  "Warning: Permanently added ")


@dataclass
class Said:
    """What an ssh program has said so far.

    Attributes:
        stage: how far it has come, in words.
        software: what the server says it is.
        key: type and fingerprint of the host key that the server showed.
        tried: ways to log in that were tried.
        words: lines that are no debugging.

    Example:
        >>> said = Said()
        >>> said.feed(b"ssh: Could not resolve hostname nowhere.test: Name or service not known")
        >>> said.verdict(Goal("nowhere.test"), 255)
        ResolveError('look up nowhere.test: Name or service not known')
    """

    stage: str = "starting ssh"
    software: str = ""
    key: str = ""
    address: str = ""
    authenticated: bool = False
    ready: bool = False
    tried: list[str] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    asked_of_us: list[str] = field(default_factory=list)
    _rest: bytes = b""
    _kept: int = 0

    def feed(self, data: bytes) -> None:
        """Take more of what it writes."""
        *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        if len(self._rest) > LONGEST_WORDS:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._take(line[:_LINE].decode("utf-8", "surrogateescape").rstrip())

    def end(self) -> None:
        """No more will come."""
        if self._rest:
            self._take(self._rest[:_LINE].decode("utf-8", "surrogateescape").rstrip())
            self._rest = b""

    def _take(self, line: str) -> None:
        for start, stage in _STAGES:
            if line.startswith(start):
                self.stage = stage
                self.authenticated = self.authenticated or start == "Authenticated to "
                self.ready = self.ready or "Entering interactive" in start
        if line.startswith(("debug1: ", "debug2: ", "debug3: ")):
            self._learn(line[8:])
        elif line.strip() and not line.startswith(_NO_COMPLAINTS):
            self._keep(line)

    def _learn(self, line: str) -> None:
        if match := re.match(r"Remote protocol version \S+, remote software version (.*)", line):
            self.software = match[1]
        elif match := re.match(r"Server host key: (\S+) (\S+)", line):
            self.key = f"{match[1]} {match[2]}"
        elif match := re.match(r"Connecting to \S+ \[(\S+)\] port", line):
            self.address = match[1]
        elif match := re.match(r"Next authentication method: (\S+)", line):
            if match[1] not in self.tried and len(self.tried) < 20:
                self.tried.append(match[1])
        elif match := re.match(r"Offering public key: (.*)", line):
            if len(self.offered) < 20:
                self.offered.append(match[1])
        elif line.startswith(("kex_exchange_identification: banner line", "connect to address ")):
            self._keep(line)

    def _keep(self, line: str) -> None:
        self.words.append(line)
        self._kept += len(line)
        while self._kept > LONGEST_WORDS and len(self.words) > 20:
            self._kept -= len(self.words.pop(len(self.words) // 2))

    @property
    def text(self) -> str:
        """Its words on one line, safe to show."""
        return "; ".join(display(line.strip()) for line in self.words[-6:]).rstrip(".")

    def find(self, pattern: str) -> re.Match[str] | None:
        """The first of its words that match *pattern*."""
        for line in self.words:
            if (match := re.search(pattern, line)) is not None:
                return match
        return None

    def verdict(self, goal: Goal, status: int | None) -> PostelError | None:
        """Why it ended: an error, or None when it went as it should.

        Args:
            goal: what it was to do.
            status: its exit status; negative for a signal, None when it would not end.
        """
        self.end()
        if status == 0 and not self.authenticated:  # or somebody else took its exit status
            return self._reason(goal)
        if status is not None and 0 <= status < 255:
            return self._ended(goal, status)
        return self._reason(goal) or _lost(self, goal, status)

    def _reason(self, goal: Goal) -> PostelError | None:
        """What it complained of last, if that ends a connection."""
        for pattern, explain in _LATER if self.authenticated else (*_REASONS, *_LATER):
            if (match := self.find(pattern)) is not None:
                error = explain(self, goal, match)
                for line in self._remarks():
                    error.add_note(line)
                return error
        return None

    def _ended(self, goal: Goal, status: int) -> PostelError | None:
        """Ssh went as it should (its own failure is 255); what ran there may have failed."""
        if not status or goal.subsystem is None:
            return None
        return NotSupported(
            f"start {goal.what} on {goal.host}: it ended with status {status}"
            + (f": {self.text}" if self.text else ""), code=status,
            hint="the server is set up for a program that is not there, or that fails")

    def _remarks(self) -> list[str]:
        """What was said of keys and files before it failed."""
        return [f"ssh: {display(line)}" for line in self.words if _REMARK.match(line)][:5]


def _connect(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    place, port, reason = match[1], match[2], match[3].strip()
    address = said.address or place
    attempts = [Attempt(f"{display(address)} port {port}", display(reason), 0.0)]
    if "refused" in reason:
        hint = "the host is up, but no SSH server listens there, or it uses another port"
    elif "timed out" in reason:
        hint = "a firewall may drop the packets; or the host is down; timeout= waits longer"
    else:
        hint = "check this machine's network and the host's address"
    return ConnectError(f"connect to {goal.host} port {port}: {display(address)}: "
                        f"{display(reason)}", attempts=attempts, hint=hint)


def _resolve(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    return ResolveError(f"look up {display(match[1])}: {display(match[2])}",
                        hint="check the spelling of the host name, or its alias in ~/.ssh/config")


def _unknown_key(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    if goal.pin:
        return _pinned_key(said, goal, match)
    shown = f"; it showed {display(said.key)}" if said.key else ""
    return HostKeyError(
        f"log in to {goal.host}: its host key is not on record{shown}",
        text=display(match[0]),
        hint="get the fingerprint from whoever runs the server and compare; then connect once "
        "with ssh, or give fingerprint=, or tofu=True to trust what comes first")


def _pinned_key(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    return HostKeyError(
        f"log in to {goal.host}: its host key is not the one asked for: it showed "
        f"{display(said.key) or 'another'}",
        text=display(match[0]),
        hint="the fingerprint was copied wrongly, or is of a key of another type, or somebody "
        "stands between")


def _changed_key(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    where = said.find(r"Offending (\S+) key in (.+):(\d+)")
    remove = said.find(r"^\s*(ssh-keygen -f .*)$")
    place = f"; on record in {display(where[2])} line {where[3]} is another" if where else ""
    how = (f"`{display(remove[1])}`" if remove else f"`ssh-keygen -R {goal.host}`")
    return HostKeyError(
        f"log in to {goal.host}: THE HOST KEY HAS CHANGED: it showed "
        f"{display(said.key) or 'a new key'}{place}",
        text=display(match[0]),
        hint="somebody may be reading along, or the server was set up anew: ask whoever runs it; "
        f"only then remove the old key with {how}")


def _revoked_key(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    return HostKeyError(f"log in to {goal.host}: its host key is marked as revoked: "
                        f"{display(said.key)}", text=display(match[0]),
                        hint="the key was stolen or given up: ask whoever runs the server")


def _host_key(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    return HostKeyError(f"log in to {goal.host}: the host key could not be verified",
                        text=said.text, hint=said.text)


def _denied(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    methods = display(match[1])
    tried = ", ".join(map(display, said.tried)) or "none"
    if said.offered:
        tried += f" ({len(said.offered)} keys offered)" if len(said.offered) > 1 else ""
    return AuthenticationError(
        f"log in to {goal}: permission denied; tried: {tried}; the server takes: {methods}",
        text=display(match[0]), hint=_log_in_hint(said, goal, methods))


def _log_in_hint(said: Said, goal: Goal, methods: str) -> str:
    if said.asked_of_us:
        return f"ssh asked, and had no answer: {display(said.asked_of_us[0])!r}"
    passwords = "password" in methods or "keyboard-interactive" in methods
    if passwords and not goal.prompts:
        return "give password=, or a key that the server knows (ssh-add, or identities=)"
    if not goal.prompts or methods == "publickey":
        return "a key that the server knows is needed: ssh-add it, or give identities="
    return "user or password is wrong, or this user may not log in"


def _too_many(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    return AuthenticationError(
        f"log in to {goal}: {display(match[0])}; {len(said.offered)} keys were offered",
        text=display(match[0]),
        hint="the agent holds more keys than the server has patience for: name the right one "
        "with identities=")


def _no_subsystem(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    return NotSupported(
        f"start {goal.what} on {goal.host}: the server refused it",
        text=display(match[0]),
        hint="it has no SFTP, or not for this user; postel.ssh.SCP speaks the old protocol of "
        "scp(1), with SSHOptions(legacy_scp=True)" if goal.subsystem == "sftp" else "")


def _no_command(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    return Forbidden(f"run a command on {goal.host}: the server refused it",
                     text=display(match[0]), hint="this user may perhaps only use SFTP")


def _no_channel(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    words = display(match[1])
    if "prohibited" in words:
        return Forbidden(f"start {goal.what} on {goal.host}: {words}", text=words)
    return TryLater(f"start {goal.what} on {goal.host}: {words}", text=words, temporary=True)


def _no_agreement(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    setting = {"host key type": "HostKeyAlgorithms", "key exchange method": "KexAlgorithms",
               "cipher": "Ciphers", "MAC": "MACs"}.get(match[1], "KexAlgorithms")
    offer = display(match[2]).split(",")[0]
    return NotSupported(
        f"agree with {goal.host} on keys: no {display(match[1])} in common; "
        f"it offers {display(match[2])}",
        text=display(match[0]),
        hint=f"its software is old; if it cannot be renewed, options=('{setting}=+{offer}',)")


def _usage(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    return UsageError(f"start ssh: {said.text}", hint="a setting in SSHOptions or ~/.ssh/config")


def _no_ssh(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    return ProtocolError(
        f"connect to {goal.host}: what answers there does not speak SSH: {said.text}",
        hint="is that the right port?")


def _slow(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    return TimedOut(f"connect to {goal.host}: no answer in time while {said.stage}: "
                    f"{display(match[0])}",
                    hint="the server is slow or the network drops packets; timeout= waits longer")


def _jump(said: Said, goal: Goal, match: re.Match[str]) -> PostelError:
    return ConnectError(f"connect to {goal.host} by way of another: {said.text}",
                        hint="try `ssh` by hand to the host between")


def _lost(said: Said, goal: Goal, status: int | None) -> PostelError:
    words = f": {said.text}" if said.text else ""
    if status is not None and status < 0:
        words = f": ssh was ended by signal {-status}{words}"
    return ConnectionLost(f"{goal.host}: the SSH connection ended while {said.stage}{words}")


_Explain = Callable[[Said, Goal, "re.Match[str]"], PostelError]
_REASONS: tuple[tuple[str, _Explain], ...] = (
    (r"^(?:.*: line \d+: |command-line.*: )?(Bad configuration option|unknown option|Bad number|"
     r"Unsupported option|Bad SSH2 cipher spec|.*keyword .* extra arguments|Bad owner or perm"
     r"issions on|Can't open user config file)", _usage),
    (r"Could not resolve hostname (.*): (.*)$", _resolve),
    (r"connect to host (\S+) port (\d+): (.*)$", _connect),
    (r"^@\s+WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED", _changed_key),
    (r"^@\s+WARNING: REVOKED HOST KEY DETECTED", _revoked_key),
    (r"^Host key for \S+ has changed", _changed_key),
    (r"^No \S+ (?:host key|fingerprint|certificate) is known for .* strict checking", _unknown_key),
    (r"^Host key verification failed", _host_key),
    (r"Too many authentication failures", _too_many),
    (r"Permission denied \(([^)]*)\)", _denied),
    (r"No supported authentication methods available", _too_many),
    (r"no matching (host key type|key exchange method|cipher|MAC|compression) found\. "
     r"Their offer: (\S+)", _no_agreement),
    (r"(stdio forwarding failed|^Stdio forwarding request failed)", _jump),
    (r"(banner exchange: .*invalid format|Protocol major versions differ|"
     r"kex_exchange_identification: (?:banner line (?!0)|No SSH|.*too many lines)|"
     r"banner line contains invalid|Bad remote protocol version)", _no_ssh),
    (r"(?:banner exchange|Connection to .*) ?: ?.*timed out|Connection timed out", _slow),
)
"""What may be said before the log-in is done; after it, words are perhaps a remote command's."""

_LATER: tuple[tuple[str, _Explain], ...] = (
    (r"^subsystem request failed on channel", _no_subsystem),
    (r"^exec request failed on channel", _no_command),
    (r"^channel \d+: open failed: (.*)$", _no_channel),
    (r"^Timeout, server .* not responding", _slow),
)
