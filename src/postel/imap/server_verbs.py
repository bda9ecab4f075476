"""The IMAP server's commands by name: who carries them out, when they are allowed, what they need.

Service code.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from . import (
    server_append,
    server_extras,
    server_fetch,
    server_folders,
    server_idle,
    server_login,
    server_manage,
    server_search,
    server_select,
)
from .commands import Arguments, BadCommand
from .server_login import Done
from .server_session import No, Session

__all__ = ["VERBS", "Verb", "find"]


class Verb(NamedTuple):
    """A command.

    Args:
        handler: carries it out.
        state: ``""`` any, ``"out"`` before the log-in, ``"in"`` after it, ``"open"`` with a folder.
        needs: the capability that brings it; "" for IMAP4rev1's own, ``"rev2"`` marks those that
            IMAP4rev2 has of itself.
        renumbers: whether messages may be taken out of the numbering before its end is told.
    """

    handler: Callable[[Session, Arguments], Awaitable[Done]]
    state: str
    needs: str = ""
    rev2: bool = False
    renumbers: bool = True


VERBS = {
    "CAPABILITY": Verb(server_login.capability, ""),
    "NOOP": Verb(server_login.noop, ""),
    "LOGOUT": Verb(server_login.logout, ""),
    "ID": Verb(server_login.ident, "", "ID"),
    "STARTTLS": Verb(server_login.starttls, "out"),
    "LOGIN": Verb(server_login.login, "out"),
    "AUTHENTICATE": Verb(server_login.authenticate, "out"),
    "ENABLE": Verb(server_login.enable, "in", "ENABLE", rev2=True),
    "COMPRESS": Verb(server_login.compress, "in", "COMPRESS"),
    "UNAUTHENTICATE": Verb(server_login.unauthenticate, "in", "UNAUTHENTICATE"),
    "LIST": Verb(server_folders.list_, "in"),
    "LSUB": Verb(server_folders.lsub, "in"),
    "XLIST": Verb(server_folders.xlist, "in", "XLIST"),
    "STATUS": Verb(server_folders.status, "in"),
    "SELECT": Verb(server_select.select, "in"),
    "EXAMINE": Verb(server_select.select, "in"),
    "CREATE": Verb(server_manage.create, "in"),
    "DELETE": Verb(server_manage.delete, "in"),
    "RENAME": Verb(server_manage.rename, "in"),
    "SUBSCRIBE": Verb(server_manage.subscribe, "in"),
    "UNSUBSCRIBE": Verb(server_manage.unsubscribe, "in"),
    "NAMESPACE": Verb(server_manage.namespace, "in", "NAMESPACE", rev2=True),
    "APPEND": Verb(server_append.append, "in"),
    "IDLE": Verb(server_idle.idle, "in", "IDLE", rev2=True),
    "NOTIFY": Verb(server_idle.notify, "in", "NOTIFY"),
    "GETQUOTA": Verb(server_extras.get_quota, "in", "QUOTA"),
    "GETQUOTAROOT": Verb(server_extras.get_quota_root, "in", "QUOTA"),
    "SETQUOTA": Verb(server_extras.set_quota, "in", "QUOTA"),
    "GETACL": Verb(server_extras.get_acl, "in", "ACL"),
    "SETACL": Verb(server_extras.set_acl, "in", "ACL"),
    "DELETEACL": Verb(server_extras.delete_acl, "in", "ACL"),
    "LISTRIGHTS": Verb(server_extras.list_rights, "in", "ACL"),
    "MYRIGHTS": Verb(server_extras.my_rights, "in", "ACL"),
    "GETMETADATA": Verb(server_extras.get_metadata, "in", "METADATA"),
    "SETMETADATA": Verb(server_extras.set_metadata, "in", "METADATA"),
    "CHECK": Verb(server_login.noop, "open"),
    "CLOSE": Verb(server_select.close, "open"),
    "UNSELECT": Verb(server_select.unselect, "open", "UNSELECT", rev2=True),
    "EXPUNGE": Verb(server_append.expunge, "open"),
    "UID EXPUNGE": Verb(server_append.expunge, "open", "UIDPLUS", rev2=True),
    "FETCH": Verb(server_fetch.fetch, "open", renumbers=False),
    "UID FETCH": Verb(server_fetch.fetch, "open"),
    "STORE": Verb(server_fetch.store, "open", renumbers=False),
    "UID STORE": Verb(server_fetch.store, "open"),
    "COPY": Verb(server_append.copy, "open"),
    "UID COPY": Verb(server_append.copy, "open"),
    "MOVE": Verb(server_append.move, "open", "MOVE", rev2=True),
    "UID MOVE": Verb(server_append.move, "open", "MOVE", rev2=True),
    "REPLACE": Verb(server_append.replace, "open", "REPLACE"),
    "UID REPLACE": Verb(server_append.replace, "open", "REPLACE"),
    "SEARCH": Verb(server_search.search, "open", renumbers=False),
    "UID SEARCH": Verb(server_search.search, "open"),
    "SORT": Verb(server_search.sort, "open", "SORT", renumbers=False),
    "UID SORT": Verb(server_search.sort, "open", "SORT"),
    "THREAD": Verb(server_search.thread, "open", "THREAD", renumbers=False),
    "UID THREAD": Verb(server_search.thread, "open", "THREAD"),
}


_CHANGING = frozenset({
    "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "APPEND", "SETQUOTA", "SETACL",
    "DELETEACL", "SETMETADATA", "EXPUNGE", "STORE", "COPY", "MOVE", "REPLACE"})


def find(session: Session, name: str) -> Verb:
    """The command of this name, if it is allowed now.

    Raises:
        BadCommand: it is not, or there is none.
        No: it would change something, and nothing may be changed.
    """
    verb = VERBS.get(name)
    if verb is None or (verb.needs and not session.can(verb.needs)
                        and not (verb.rev2 and session.can("IMAP4rev2"))):
        raise BadCommand(f"there is no command {name[:60]}")
    if verb.state == "out" and session.mail is not None:
        raise BadCommand(f"{name}: you are logged in already")
    if verb.state in ("in", "open") and session.mail is None:
        raise BadCommand(f"{name}: log in first")
    if verb.state == "open" and session.view is None:
        raise BadCommand(f"{name}: select a folder first")
    if session.options.read_only and name.removeprefix("UID ") in _CHANGING:
        raise No("nothing may be changed here", "NOPERM")
    return verb
