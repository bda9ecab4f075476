"""MTA-STS policies that are kept, in memory or in a file (RFC 8461 section 3.3). Disk."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from .mta_sts import Policy

__all__ = ["MOST_KEPT", "PolicyStore"]

MOST_KEPT = 10_000
"""Policies that are kept; the one that was fetched first goes first."""


class PolicyStore:
    """Policies by domain, each with the time until which it holds.

    Args:
        path: a JSON file that outlives the program; None keeps them in memory. A policy that is
            forgotten protects nobody, so senders that run often name a file.

    Example:
        >>> store = PolicyStore()
        >>> store.put("example.org", Policy("enforce", ("mx.example.org",), 86_400), now=0.0)
        >>> store.get("example.org", now=86_399.0).mode, store.get("example.org", now=86_401.0)
        ('enforce', None)
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self._path = None if path is None else Path(path)
        self._kept: dict[str, tuple[float, Policy]] = {}
        if self._path is not None:
            self._kept = _read(self._path)

    def get(self, domain: str, *, now: float) -> Policy | None:
        """The policy of *domain* that still holds.

        Args:
            domain: whose.
            now: seconds since 1970.
        """
        until, policy = self._kept.get(domain, (0.0, None))
        return policy if until > now else None

    def put(self, domain: str, policy: Policy, *, now: float) -> None:
        """Keep a policy that was fetched.

        Args:
            domain: whose.
            policy: the policy.
            now: seconds since 1970.
        """
        self._kept.pop(domain, None)
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[domain] = now + policy.max_age, policy
        if self._path is not None:
            try:
                self._write(self._path)
            except OSError:
                pass  # a disk that is full must not stop mail; it is kept in memory

    def _write(self, path: Path) -> None:
        text = json.dumps({name: {"until": until, **asdict(policy)}
                           for name, (until, policy) in self._kept.items()})
        beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        beside.write_text(text, "utf-8")
        beside.replace(path)


def _read(path: Path) -> dict[str, tuple[float, Policy]]:
    """What the file has; what in it cannot be read is as if it was not there."""
    kept: dict[str, tuple[float, Policy]] = {}
    try:
        for name, one in json.loads(path.read_text("utf-8")).items():
            kept[name] = float(one["until"]), Policy(
                one["mode"], tuple(map(str, one["hosts"])), int(one["max_age"]), str(one["id"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return kept
    return kept
