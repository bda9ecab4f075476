"""The command line of ssh(1) for one link: every word checked, none of them a surprise.

A grammar module: options in, words out. ssh takes the first value it meets for a setting, so what
stands here beats the user's configuration: the host key is checked, nothing is forwarded, no
terminal, no command of the configuration's own.

A host or user that begins with "-" would be an option, and one with a quote or a "$" would reach
the shell that runs a ProxyCommand (CVE-2023-51385): both are refused.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from ..errors import UsageError
from ..wire.text import display
from .types import SSHOptions

__all__ = ["Goal", "arguments", "checked_host", "checked_user"]

_HOST = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9._:%\-]{0,254}")
_BAD_USER = re.compile(r"[\x00-\x20\x7f'`\"$\\;&<>|(){}]")  # as OpenSSH 9.6 and later refuse them
_JUMP = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._+\-]*@)?"
                   r"(?:\[[0-9A-Fa-f:.%a-z]+\]|[A-Za-z0-9_][A-Za-z0-9._\-]*)(?::[0-9]{1,5})?")
_SUBSYSTEM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+\-]{0,63}")

GCM = ("aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,"
       "aes128-ctr,aes192-ctr,aes256-ctr")
"""OpenSSH's own set with AES-GCM first, for processors that have AES: a third faster than its
ChaCha20. Written out, for the short form ("^") is not known before OpenSSH 8.1."""

_ALWAYS = (
    "RequestTTY=no",
    "RemoteCommand=none",
    "PermitLocalCommand=no",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "Tunnel=no",
    "ControlMaster=no",  # a master that stays behind would keep our descriptors
    "EscapeChar=none",
    "LogLevel=DEBUG1",  # tells how far it has come; what is said becomes errors
    "NumberOfPasswordPrompts=1",  # one password was given: asking again would lock accounts
)


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a link leads, and what runs at its end.

    Args:
        host: as asked for.
        port: None leaves it to the configuration.
        user: None leaves it to the configuration.
        subsystem: the subsystem to start, or None.
        command: the command to run, or None.
        address: where the host really is, when only this process knows; else None.
        family: 4 or 6 to use only that; else 0.
        source: local address to connect from, or None.
        timeout: seconds to connect in; None waits as long as the system does.
        prompts: whether there is anything to answer prompts with.
        password_first: whether the password goes before the keys.
        pin: file of the script that knows the one host key, or "".
        passed: command that hands a connected socket to ssh, or "".
        fast: whether to prefer AES-GCM.
        control: the control socket of a connection that others share, or "".
    """

    host: str
    port: int | None = None
    user: str | None = None
    subsystem: str | None = "sftp"
    command: str | None = None
    address: str | None = None
    family: int = 0
    source: str | None = None
    timeout: float | None = None
    prompts: bool = False
    password_first: bool = False
    pin: str = ""
    passed: str = ""
    fast: bool = False
    control: str = ""

    def __str__(self) -> str:
        return f"{f'{self.user}@' if self.user else ''}{self.host}"

    @property
    def what(self) -> str:
        """What is asked for at the other end, in words."""
        if self.control:
            return "a session"
        return f"the {self.subsystem} subsystem" if self.subsystem else "a command"


def checked_host(host: str) -> str:
    """*host* if ssh can take it for nothing but a host.

    Example:
        >>> checked_host("-oProxyCommand=reboot")
        Traceback (most recent call last):
        ...
        postel.errors.UsageError: host '-oProxyCommand=reboot': that is no name of a host
    """
    if not _HOST.fullmatch(host):
        raise UsageError(f"host '{display(host)}': that is no name of a host")
    return host


def checked_user(user: str) -> str:
    """*user* if ssh can take it for nothing but a user.

    Example:
        >>> checked_user("alice"), checked_user("DOMAIN+bob")
        ('alice', 'DOMAIN+bob')
    """
    if not user or user[0] == "-" or _BAD_USER.search(user):
        raise UsageError(f"user '{display(user)}': ssh takes no such name",
                         hint="set User in ~/.ssh/config for an alias of the host")
    return user


def arguments(program: str, goal: Goal, options: SSHOptions) -> list[str]:
    """The words to run.

    Raises:
        UsageError: one of them could be taken for something else.

    Example:
        >>> words = arguments("ssh", Goal("files.example.org", user="ann"), SSHOptions())
        >>> words[-3:], "StrictHostKeyChecking=yes" in words, "BatchMode=yes" in words
        (['--', 'files.example.org', 'sftp'], True, True)
    """
    control = [f"ControlPath={quoted(goal.control)}", "ControlMaster=yes", "ControlPersist=no",
               "SendEnv=*"]  # it has no session of its own; those that come say what they send
    settings = [*(control if goal.control else ()), *_host_key(goal, options), *_ALWAYS,
                *_log_in(goal, options), *_way(goal, options), *options.options]
    words = [program]
    if options.config is not None or goal.address:  # a name of our own is no alias of the user's
        words += ["-F", str(options.config or "none")]
    words += [word for setting in settings for word in ("-o", setting)]
    if goal.user is not None:
        words += ["-l", checked_user(goal.user)]
    if goal.port is not None:
        words += ["-p", str(goal.port)]
    if goal.subsystem is not None:
        if not _SUBSYSTEM.fullmatch(goal.subsystem):
            raise UsageError(f"subsystem '{display(goal.subsystem)}': that is no name of one")
        words.append("-s")
    if goal.control:
        return [*words, "-N", "--", goal.address or checked_host(goal.host)]
    last = goal.subsystem or goal.command
    if not last or "\0" in last:
        raise UsageError("a link needs a subsystem or a command")
    return [*words, "--", goal.address or checked_host(goal.host), last]


def _host_key(goal: Goal, options: SSHOptions) -> list[str]:
    """The host proves who it is, or there is no connection."""
    settings = [f"StrictHostKeyChecking={'accept-new' if options.tofu else 'yes'}"]
    alias = options.host_key_alias or (goal.host if goal.address else None)
    if alias is not None:
        settings.append(f"HostKeyAlias={checked_host(alias)}")
    if options.fingerprint is not None:
        settings += ["UserKnownHostsFile=/dev/null", "GlobalKnownHostsFile=/dev/null",
                     "VerifyHostKeyDNS=no", "UpdateHostKeys=no",
                     f"KnownHostsCommand=/bin/sh {quoted(goal.pin)} %f %H %t %K",
                     "ControlPath=none"]  # what a master checked was not this key
    elif options.known_hosts is not None:
        settings += [f"UserKnownHostsFile={quoted(options.known_hosts)}",
                     "GlobalKnownHostsFile=/dev/null", "UpdateHostKeys=no", "CheckHostIP=no",
                     "ControlPath=none"]
    return settings


def _log_in(goal: Goal, options: SSHOptions) -> list[str]:
    settings = [f"BatchMode={'no' if goal.prompts else 'yes'}"]
    if goal.password_first:  # else a full agent uses up the server's patience before it
        settings.append("PreferredAuthentications=gssapi-with-mic,hostbased,password,"
                        "keyboard-interactive,publickey")
    if options.identities:
        settings += [f"IdentityFile={quoted(path)}" for path in options.identities]
        settings.append("IdentitiesOnly=yes")
    if not options.agent:
        settings.append("IdentityAgent=none")
    return settings


def _way(goal: Goal, options: SSHOptions) -> list[str]:
    settings = []
    if goal.passed:
        settings += [f"ProxyCommand={goal.passed}", "ProxyUseFdpass=yes"]
    elif options.jump is not None:
        hops = options.jump.split(",")
        if not all(_JUMP.fullmatch(hop) for hop in hops):
            raise UsageError(f"jump '{display(options.jump)}': write [user@]host[:port]")
        settings.append(f"ProxyJump={options.jump}")
    if goal.family:
        settings.append(f"AddressFamily={'inet' if goal.family == 4 else 'inet6'}")
    if goal.source is not None:
        settings.append(f"BindAddress={checked_host(goal.source)}")
    if goal.timeout is not None:
        settings.append(f"ConnectTimeout={max(1, int(goal.timeout + 0.999))}")
    if options.compression:
        settings.append("Compression=yes")
    if options.ciphers is not None:
        settings.append(f"Ciphers={options.ciphers}")
    elif goal.fast:
        settings.append(f"Ciphers={GCM}")
    return settings


def quoted(path: str | os.PathLike[str]) -> str:
    """A path as a word of ssh_config(5): quoted, and nothing in it expanded.

    Raises:
        UsageError: it holds a quote, which ssh's grammar has no way to write in older releases.
    """
    text = os.fspath(path)
    if text.startswith("~"):
        text = os.path.expanduser(text)  # noqa: PTH111 - text in, text out
    if '"' in text or "\n" in text or "${" in text:
        raise UsageError(f"file '{display(text)}': ssh cannot be told of such a name")
    return '"' + text.replace("%", "%%") + '"'
