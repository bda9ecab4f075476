"""HTTP: requests, and files that a web server gives (RFC 9110 to 9113)."""

from __future__ import annotations

__all__: list[str] = []
