"""Which of ssh's questions gets which answer.

ssh(1) asks by running a helper (``SSH_ASKPASS``) with the question as its argument. Some of the
questions are its own, some are the server's (keyboard-interactive), some come from another ssh on
the way (a jump host's). A password goes to the one that asked for that password, once; a
passphrase only to a question about a key; "yes" to nobody.

A grammar module, but for the caller's functions that it calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ..secrets import Secret, password_from
from .types import SSHOptions

__all__ = ["HELPER", "PIN", "WRAPPER", "Prompts"]

WRAPPER = """\
#!/bin/sh
exec {python} -I -S {helper} {socket} ask "$@"
"""
"""What ssh runs: a shell that becomes the helper, so that ssh is the helper's parent."""

HELPER = '''\
import os, socket, sys
place, job = sys.argv[1:3]
line = socket.socket(socket.AF_UNIX)
line.connect(place)
if job == "ask":
    words = [str(os.getppid()), os.environ.get("SSH_ASKPASS_PROMPT", ""), *sys.argv[3:4]]
    line.sendall(os.fsencode("\\n".join(words)))
    line.shutdown(socket.SHUT_WR)
    answer = b""
    while more := line.recv(65536):
        answer += more
    if answer[:1] != b"+":
        sys.exit(1)
    os.write(1, answer[1:] + b"\\n")
else:
    line.sendall(b"socket")
    line.shutdown(socket.SHUT_WR)
    data, fds, flags, source = socket.recv_fds(line, 1, 1)
    if not fds:
        sys.exit(1)
    with socket.socket(fileno=os.dup(1)) as out:
        socket.send_fds(out, [b"\\0"], fds)
'''
"""Talks to us over a private socket: hands on a question, or fetches a connected socket."""

PIN = """\
test "$1" = {pin} && printf '%s %s %s\\n' "$2" "$3" "$4"
exit 0
"""
"""ssh's KnownHostsCommand when one fingerprint is asked for: knows that key and no other."""

_PASSPHRASE = re.compile(r"Enter (?:passphrase|PIN) for (?:key )?(.*?):? ?", re.DOTALL)
_PASSWORD = re.compile(r"[^\n]{1,200}'s password: ?")
_ASKED_BY_SERVER = re.compile(r"(?:\([^\n)]{1,200}\) )?\s*(?:unix |login |\S{1,64}'s )?password"
                              r"(?: for \S{1,64})?\s*:?\s*", re.IGNORECASE)


@dataclass
class Prompts:
    """The answers one link has.

    Args:
        password: a string, a `Secret`, or a function that is called when it is asked for.
        options: passphrase and further answers.
        note: told of each question that had no answer.

    Example:
        >>> prompts = Prompts("secret", SSHOptions())
        >>> prompts.answer("ann@files.example.org's password: ", "password", ours=True)
        Secret(***)
        >>> prompts.answer("ann@files.example.org's password: ", "password", ours=True) is None
        True
    """

    password: str | Secret | Callable[[], str | Secret] | None
    options: SSHOptions
    note: Callable[[str], None] = field(default=print, repr=False)
    _given: bool = False
    _unlocked: set[str] = field(default_factory=set)

    @property
    def any(self) -> bool:
        """Whether there is anything to answer with."""
        return (self.password is not None or self.options.passphrase is not None
                or self.options.answer is not None)

    @property
    def password_at_hand(self) -> bool:
        """Whether a password was given, rather than a function to ask somebody."""
        return self.password is not None and not callable(self.password)

    def answer(self, prompt: str, method: str, *, ours: bool, hint: str = "") -> Secret | None:
        """The answer to *prompt*, or None to refuse.

        Args:
            prompt: as ssh gave it.
            method: the way to log in that it is trying now, as it said itself.
            ours: whether it is the ssh to the host itself that asks, and not one on the way.
            hint: ssh's word for what kind of question it is: "confirm", "none" or "".
        """
        if hint == "confirm" or re.search(r"\(yes/no|fingerprint\]\)", prompt):
            self.note(prompt)
            return None
        if ours and (found := self._known(prompt, method)) is not None:
            return found
        if self.options.answer is not None:
            answered = self.options.answer(prompt)
            return Secret(answered) if isinstance(answered, str) else answered
        if not (ours and (_PASSWORD.fullmatch(prompt) or _ASKED_BY_SERVER.fullmatch(prompt))):
            self.note(prompt)
        return None

    def _known(self, prompt: str, method: str) -> Secret | None:
        by_server = method == "keyboard-interactive"
        if not by_server and (match := _PASSPHRASE.fullmatch(prompt)) is not None:
            if match[1] in self._unlocked or "PIN" in prompt:
                return None
            self._unlocked.add(match[1])
            return password_from(self.options.passphrase)
        asks = _ASKED_BY_SERVER if by_server else _PASSWORD
        if not asks.fullmatch(prompt) or self._given:
            return None
        self._given = self.password is not None
        return password_from(self.password)
