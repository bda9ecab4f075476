"""WebDAV: files on a web server, to read and to write (RFC 4918, 4331)."""

from __future__ import annotations

__all__: list[str] = []
