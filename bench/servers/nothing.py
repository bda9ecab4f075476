"""No server: rows of what is done on this machine alone."""

from __future__ import annotations

from bench.servers.base import Server

__all__ = ["Nothing"]


class Nothing(Server):
    """Stands where a row wants a server and has none."""

    name = "none"

    def version(self) -> str:
        """Of Python, which is all there is."""
        import platform

        return f"Python {platform.python_version()}"

    def start(self) -> None:
        """There is nothing to start."""
        self.place.folder.mkdir(parents=True, exist_ok=True)

    def stop(self) -> None:
        """Nor to stop."""
