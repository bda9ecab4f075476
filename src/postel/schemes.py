"""The table of URL schemes: what Postel speaks today, and where it lives.

Only records are loaded here; a protocol's code is loaded, by its dotted name, when a URL of it is
used. Adding a protocol is adding its package and a line here.
"""

from __future__ import annotations

from collections.abc import Mapping

from .errors import UsageError
from .foreign.scheme import scheme_for
from .ftp.scheme import SCHEMES as _FTP
from .http.scheme import SCHEMES as _HTTP
from .imap.scheme import SCHEMES as _IMAP
from .local.scheme import SCHEMES as _LOCAL
from .nntp.scheme import SCHEMES as _NNTP
from .pop3.scheme import SCHEMES as _POP3
from .sftp.scheme import SCHEMES as _SFTP
from .smtp.scheme import SCHEMES as _SMTP
from .ssh.scheme import SCHEMES as _SSH
from .telnet.scheme import SCHEMES as _TELNET
from .tftp.scheme import SCHEMES as _TFTP
from .types import Scheme
from .webdav.scheme import SCHEMES as _WEBDAV

__all__ = ["SCHEMES", "scheme_of"]

SCHEMES: Mapping[str, Scheme] = {one.name: one for one in (
    *_FTP, *_HTTP, *_IMAP, *_LOCAL, *_NNTP, *_POP3, *_SFTP, *_SMTP, *_SSH, *_TELNET, *_TFTP,
    *_WEBDAV)}
"""Every scheme by its name."""


def scheme_of(name: str, verb: str) -> Scheme:
    """The scheme *name*, if it can do *verb*: one of the table's, or one that fsspec brings.

    Raises:
        UsageError: it is not known, or cannot.

    Example:
        >>> scheme_of("ftps", "list").port
        990
    """
    found = SCHEMES.get(name) or scheme_for(name)
    able = ", ".join(f"{one.name}://" for one in SCHEMES.values() if verb in one.verbs)
    if found is None:
        raise UsageError(f"{name}: is no scheme that Postel speaks", hint=f"try {able}")
    if verb not in found.verbs:
        raise UsageError(f"{name}: has no {verb}", hint=f"these have: {able}")
    return found
