"""The RFC series: read, searched, cited, kept on this disk.

    from postel import rfc

    smtp = rfc.get(5321)
    print(smtp.title, smtp.published, smtp.updated_by)
    print(smtp.section("4.1.1.4").text)

The functions here open a `Library` for one call each; `Library` and `AsyncLibrary` have all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .library_async import AsyncLibrary
    from .library_sync import Library
    from .reading import get, info, search, update
    from .results import Hit, Report
    from .types import RFC, Erratum, Record, Rule, Section

__all__ = ["RFC", "AsyncLibrary", "Erratum", "Hit", "Library", "Record", "Report", "Rule",
           "Section", "get", "info", "search", "update"]

_HOMES = {"AsyncLibrary": ".library_async", "Library": ".library_sync", "Hit": ".results",
          "Report": ".results", "get": ".reading", "info": ".reading", "search": ".reading",
          "update": ".reading"}


def __getattr__(name: str) -> Any:
    """Load a name on first use, so that the sync side never loads asyncio."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES.get(name, ".types"), __name__), name)
    globals()[name] = value
    return value
