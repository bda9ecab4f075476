"""The console: mail in a terminal, by keys. Loaded when it is used; it needs the extra ``tui``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import UsageError

if TYPE_CHECKING:
    from ..options import Settings

__all__ = ["run"]


def run(where: str | None, settings: Settings, *, via: str | None = None,
        from_: str | None = None) -> int:
    """Open the console, until its user leaves.

    Args:
        where: an account, a URL, a mailbox on this disk; None: the usual account.
        settings: of the command.
        via: the server to send by; None takes the account's.
        from_: who writes; None takes the account's owner.

    Raises:
        UsageError: the extra is not installed, or nobody's mail is meant.
    """
    try:
        import textual  # noqa: F401 - whether it is there
    except ImportError:
        raise UsageError("the console: a part of Postel is not installed",
                         hint="pip install 'postel[tui]'") from None
    from .access import Access
    from .app import Console

    access = Access.of(where, settings, via=via, from_=from_)
    access.ask(access.places[0])
    app = Console(access)
    app.run()
    return app.return_code or 0
