"""Postel for programs that speak other interfaces: see `postel.compat.fsspec`."""

from __future__ import annotations

__all__: list[str] = []
