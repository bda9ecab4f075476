"""What asyncssh raises, as our errors.

Pure, but for asyncssh's own exceptions; loaded only where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncssh

from ..errors import (
    AuthenticationError,
    ConnectionLost,
    Forbidden,
    HostKeyError,
    NotSupported,
    PostelError,
    ProtocolError,
    TimedOut,
    TryLater,
    UsageError,
)
from ..wire.text import display

if TYPE_CHECKING:
    from .library import Library

__all__ = ["explain", "refused_key"]


def refused_key(link: Library) -> HostKeyError:
    """The error for a host key that is not the one on record, or has no record."""
    host, key, records = link.goal.host, display(link.said.key), link.records
    if link.options.fingerprint is not None:
        return HostKeyError(
            f"log in to {host}: its host key is not the one asked for: it showed {key}",
            hint="the fingerprint was copied wrongly, or is of a key of another type, or somebody "
            "stands between")
    if records.has_other:
        return HostKeyError(
            f"log in to {host}: THE HOST KEY HAS CHANGED: it showed {key}; on record in "
            f"{records.file} is another",
            hint="somebody may be reading along, or the server was set up anew: ask whoever runs "
            "it; only then remove the old key with "
            f"`ssh-keygen -f {records.file} -R \"{records.place}\"`")
    return HostKeyError(
        f"log in to {host}: its host key is not on record; it showed {key}",
        hint="get the fingerprint from whoever runs the server and compare; then connect once "
        "with ssh, or give fingerprint=, or tofu=True to trust what comes first")


def explain(error: BaseException, link: Library) -> BaseException:
    """Our error for *error*."""
    if isinstance(error, PostelError):
        return error
    if link.refusal is not None:
        return link.refusal
    goal, words = link.goal, display(str(getattr(error, "reason", "") or error))
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return HostKeyError(f"log in to {goal.host}: the host key could not be verified: {words}",
                            text=words)
    if isinstance(error, asyncssh.PermissionDenied):
        tried = ", ".join(dict.fromkeys(link.said.tried)) or "none"
        return AuthenticationError(
            f"log in to {goal}: permission denied; tried: {tried}", text=words,
            hint="user or password is wrong, or this user may not log in" if link.prompts.any
            else "give password=, or a key that the server knows (ssh-add, or identities=)")
    if isinstance(error, asyncssh.ChannelOpenError):
        return _no_channel(error, link, words)
    return _no_connection(error, link, words)


def _no_channel(error: asyncssh.ChannelOpenError, link: Library, words: str) -> PostelError:
    what = f"start {link.goal.what} on {link.goal.host}"
    if error.code == asyncssh.OPEN_REQUEST_SESSION_FAILED:
        if link.goal.subsystem is None:
            return Forbidden(f"{what}: the server refused it", text=words,
                             hint="this user may perhaps only use SFTP")
        return NotSupported(
            f"{what}: the server refused it", text=words,
            hint="it has no SFTP, or not for this user; postel.ssh.SCP speaks the old protocol of "
            "scp(1), with SSHOptions(legacy_scp=True)" if link.goal.subsystem == "sftp" else "")
    if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
        return Forbidden(f"{what}: {words}", text=words)
    return TryLater(f"{what}: {words}", text=words, temporary=True)


def _no_connection(error: BaseException, link: Library, words: str) -> BaseException:
    goal, stage = link.goal, link.said.stage
    if isinstance(error, asyncssh.KeyExchangeFailed):
        return NotSupported(f"agree with {goal.host} on keys: {words}", text=words,
                            hint="its software is old, or very new")
    if isinstance(error, asyncssh.ProtocolNotSupported | asyncssh.ProtocolError):
        return ProtocolError(
            f"connect to {goal.host}: what answers there does not speak SSH as it should: {words}",
            hint="is that the right port?")
    if isinstance(error, TimeoutError) or "timeout" in words.lower():
        return TimedOut(
            f"connect to {goal.host}: no answer in time while {stage}",
            hint="the server is slow or the network drops packets; timeout= waits longer")
    if isinstance(error, asyncssh.KeyImportError | FileNotFoundError | PermissionError):
        return UsageError(f"log in to {goal}: a key cannot be read: {words}",
                          hint="passphrase= unlocks it")
    if isinstance(error, asyncssh.ConfigParseError):
        return UsageError(f"read the ssh configuration: {words}")
    if isinstance(error, asyncssh.DisconnectError | OSError | EOFError):
        return ConnectionLost(f"{goal.host}: the SSH connection ended while {stage}: {words}")
    return error
