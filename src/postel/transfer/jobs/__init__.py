"""Durable jobs: plans and maps as batches in a database, done by as many machines as wished.

    from postel.transfer import jobs

    jobs.mirror("sftp://ann@host/archive", "/srv/archive", "sqlite:///jobs.sqlite")
    jobs.worker("postgresql://postel@db/jobs")                on every machine that helps

A batch is plain data. Who takes one does it whole and says so; a worker that dies leaves its batch
to the others, who notice within seconds, and what was done of it is not done again. DBOS keeps the
books (extra ``jobs``): in a SQLite file for one machine, in PostgreSQL for several.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .runs import map_reduce, mirror, worker

__all__ = ["map_reduce", "mirror", "worker"]


def __getattr__(name: str) -> object:
    """Load *name* on use (PEP 562)."""
    if name in __all__:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.runs"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
