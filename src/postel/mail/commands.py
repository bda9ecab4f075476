"""Commands that tell a secret, such as ``pass show mail``. Disk: they run and are waited for.

The first line of what they print is the secret (``pass`` keeps other things below it).
"""

from __future__ import annotations

import subprocess

from ..errors import AuthenticationError
from ..secrets import Secret
from ..wire.text import display

__all__ = ["PATIENCE", "told_by"]

PATIENCE = 120.0
"""Seconds: a person may have to touch a key or type a PIN."""

LONGEST = 65_536


def told_by(command: str | tuple[str, ...], *, timeout: float = PATIENCE) -> Secret:
    """The first line that a command prints.

    Args:
        command: for the shell; or words, for none.
        timeout: seconds.

    Raises:
        AuthenticationError: it fails, says nothing, or takes too long.

    Example:
        >>> told_by(("printf", "hunter2\\nurl: example.org\\n")).reveal()
        'hunter2'
    """
    words = command if isinstance(command, str) else list(command)
    shown = display((command if isinstance(command, str) else command[0])[:80])
    try:
        done = subprocess.run(words, shell=isinstance(command, str),  # noqa: S603 - their own
                              capture_output=True, stdin=subprocess.DEVNULL,
                              timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise AuthenticationError(f"password_command {shown}: no answer in {timeout:.0f} s",
                                  hint="does it wait for something on a terminal?") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AuthenticationError(f"password_command {shown}: {reason}",
                                  hint="is it installed, and spelt like that?") from None
    if done.returncode:
        said = display(done.stderr[:500].decode("utf-8", "replace").strip())
        raise AuthenticationError(
            f"password_command {shown}: it ended with {done.returncode}"
            + (f": {said}" if said else ""), hint="run it yourself to see")
    line = done.stdout[:LONGEST].split(b"\n", 1)[0].rstrip(b"\r")
    if not line:
        raise AuthenticationError(f"password_command {shown}: it printed nothing")
    return Secret(line.decode("utf-8", "surrogateescape"))
