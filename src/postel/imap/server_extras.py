"""The IMAP server's QUOTA, ACL and METADATA (RFC 9208, 4314, 5464).

Service code. Folders belong to their user, who has all rights; what ACL commands give to others is
kept and told, and nobody else can log in to use it.
"""

from __future__ import annotations

from ..serving.mail_store import Folder
from .commands import Arguments, BadCommand
from .server_folders import folder, name_of
from .server_login import Done
from .server_session import No, Session
from .wire_server import astring, literal, nstring

__all__ = ["rights"]

RIGHTS = "aeiklprstwx"
_LARGEST_VALUE = 65_536
_MOST_ENTRIES = 1_000


def rights(session: Session, found: Folder) -> str:
    """What the user may do with a folder."""
    return found.acl.get(session.user, RIGHTS)


# -- quota ---------------------------------------------------------------------------------------


def _quota(session: Session) -> bytes:
    store = session.store
    words = []
    if store.quota is not None:
        words.append(b"STORAGE %d %d" % (-(-store.used // 1024), store.quota // 1024))
    return b'QUOTA "" (%b)' % b" ".join(words)


async def get_quota(session: Session, words: Arguments) -> Done:
    """GETQUOTA."""
    root = words.text("a quota root")
    words.end()
    if root:
        raise No("there is one quota root, without a name", "NONEXISTENT")
    session.untagged(_quota(session))
    return ("that is all",)


async def get_quota_root(session: Session, words: Arguments) -> Done:
    """GETQUOTAROOT."""
    name = words.mailbox()
    words.end()
    found = folder(session, name)
    session.untagged(b'QUOTAROOT %b ""' % name_of(session, found.name))
    session.untagged(_quota(session))
    return ("that is all",)


async def set_quota(session: Session, words: Arguments) -> Done:
    """SETQUOTA: of STORAGE, in units of 1024 bytes."""
    if not session.can("QUOTASET"):
        raise No("the quota is not yours to set", "NOPERM")
    root = words.text("a quota root")
    words.expect(b" (")
    if root:
        raise No("there is one quota root, without a name", "NONEXISTENT")
    limit = None
    while not words.take(b")"):
        words.take(b" ")
        name = words.atom("a resource")
        words.space()
        number = words.number((1 << 63) - 1)
        if name != "STORAGE":
            raise No(f"no such resource: {name}", "CANNOT")
        limit = number * 1024
    words.end()
    session.store.quota = limit
    session.untagged(_quota(session))
    return ("set",)


# -- rights --------------------------------------------------------------------------------------


def _owned(session: Session, words: Arguments) -> Folder:
    found = folder(session, words.mailbox())
    if "a" not in rights(session, found):
        raise No("you may not administer this folder", "NOPERM")
    return found


async def get_acl(session: Session, words: Arguments) -> Done:
    """GETACL."""
    found = _owned(session, words)
    words.end()
    pairs = {session.user: rights(session, found), **found.acl}
    listed = b"".join(b" %b %b" % (astring(who.encode()), astring(what.encode()))
                      for who, what in pairs.items())
    session.untagged(b"ACL %b%b" % (name_of(session, found.name), listed))
    return ("that is all",)


async def set_acl(session: Session, words: Arguments) -> Done:
    """SETACL: rights given, added with ``+``, taken with ``-``."""
    found = _owned(session, words)
    words.space()
    who = words.text("an identifier")
    words.space()
    given = words.text("rights")
    words.end()
    sign = given[:1] if given[:1] in ("+", "-") else ""
    names = given[len(sign) :].replace("c", "k").replace("d", "xte")
    if any(one not in RIGHTS for one in names):
        raise BadCommand("SETACL: no such right")
    default = RIGHTS if who == session.user else ""
    had = found.acl.get(who, default)
    kept = had if sign == "+" else "".join(one for one in had if one not in names) if sign else ""
    now = "".join(one for one in RIGHTS if one in (kept if sign == "-" else kept + names))
    found.acl[who] = now
    session.store.keep(found)
    return ("set",)


async def delete_acl(session: Session, words: Arguments) -> Done:
    """DELETEACL."""
    found = _owned(session, words)
    words.space()
    who = words.text("an identifier")
    words.end()
    found.acl.pop(who, None)
    if who == session.user:
        found.acl[who] = ""
    session.store.keep(found)
    return ("gone",)


async def list_rights(session: Session, words: Arguments) -> Done:
    """LISTRIGHTS."""
    found = _owned(session, words)
    words.space()
    who = words.text("an identifier")
    words.end()
    required = RIGHTS if who == session.user else '""'
    rest = b"" if who == session.user else b" " + " ".join(RIGHTS).encode()
    session.untagged(b"LISTRIGHTS %b %b %b%b" % (
        name_of(session, found.name), astring(who.encode()), required.encode(), rest))
    return ("that is all",)


async def my_rights(session: Session, words: Arguments) -> Done:
    """MYRIGHTS."""
    found = folder(session, words.mailbox())
    words.end()
    session.untagged(b"MYRIGHTS %b %b" % (name_of(session, found.name),
                                          astring(rights(session, found).encode())))
    return ("that is all",)


# -- annotations ---------------------------------------------------------------------------------


def _entry(text: str) -> str:
    name = text.lower()
    if not f"{name}/".startswith(("/private/", "/shared/")) or name.endswith("/") or (
            "//" in name or "*" in name or "%" in name or len(name) > 500):
        raise BadCommand("METADATA: an entry begins with /private/ or /shared/")
    return name


def _place(session: Session, name: str) -> tuple[dict[str, bytes], Folder | None]:
    """The annotations of a folder, or of the account where the name is empty."""
    if not name:
        return session.store.metadata, None
    found = folder(session, name)
    return found.metadata, found


async def get_metadata(session: Session, words: Arguments) -> Done:
    """GETMETADATA, with MAXSIZE and DEPTH."""
    most, depth = 1 << 32, "0"
    name = ""
    if words.take(b"("):
        most, depth = _limits(words)
        words.space()
        name = words.mailbox()
    else:
        name = words.mailbox()
        if words.take(b" ("):
            if words.next in (b"/", b'"', b"{"):
                return _metadata(session, words, name, most, depth, opened=True)
            most, depth = _limits(words)
    words.space()
    return _metadata(session, words, name, most, depth, opened=words.take(b"("))


def _limits(words: Arguments) -> tuple[int, str]:
    most, depth = 1 << 32, "0"
    first = True
    while not words.take(b")"):
        if not first:
            words.space()
        first = False
        option = words.atom("MAXSIZE or DEPTH")
        words.space()
        if option == "MAXSIZE":
            most = words.number()
        elif option == "DEPTH":
            depth = words.atom("0, 1 or infinity")
        else:
            raise BadCommand(f"GETMETADATA: {option} is not understood")
    if depth not in ("0", "1", "INFINITY"):
        raise BadCommand("GETMETADATA: DEPTH is 0, 1 or infinity")
    return most, depth


def _metadata(session: Session, words: Arguments, name: str, most: int, depth: str, *,
              opened: bool) -> Done:
    asked = [_entry(words.text("an entry"))]
    while opened and not words.take(b")"):
        words.space()
        asked.append(_entry(words.text("an entry")))
    words.end()
    there, found = _place(session, name)
    shown, longest = list[bytes](), 0
    for key in sorted(there):
        if not any(_is_below(key, one, depth) for one in asked):
            continue
        if len(there[key]) > most:
            longest = max(longest, len(there[key]))
        else:
            shown.append(astring(key.encode()) + b" " + _value(there[key]))
    if depth == "0":
        shown += [astring(one.encode()) + b" NIL" for one in asked if one not in there]
    if shown:
        label = name_of(session, found.name) if found is not None else b'""'
        session.untagged(b"METADATA %b (%b)" % (label, b" ".join(shown)))
    return ("that is all", f"METADATA LONGENTRIES {longest}") if longest else ("that is all",)


def _value(data: bytes) -> bytes:
    return literal(data, binary=True) if b"\0" in data else nstring(data)


def _is_below(key: str, asked: str, depth: str) -> bool:
    if key == asked:
        return True
    rest = key[len(asked) :] if key.startswith(asked + "/") else ""
    return bool(rest) and (depth == "INFINITY" or (depth == "1" and rest.count("/") == 1))


async def set_metadata(session: Session, words: Arguments) -> Done:
    """SETMETADATA; NIL takes an entry away."""
    name = words.mailbox()
    words.expect(b" (")
    changes = list[tuple[str, bytes | None]]()
    while True:
        entry = _entry(words.text("an entry"))
        if entry.count("/") < 2:
            raise BadCommand("SETMETADATA: an entry has a name below /private or /shared")
        words.space()
        changes.append((entry, words.nstring()))
        if words.take(b")"):
            break
        words.space()
    words.end()
    there, found = _place(session, name)
    if any(value is not None and len(value) > _LARGEST_VALUE for _, value in changes):
        raise No("a value that is too large", f"METADATA MAXSIZE {_LARGEST_VALUE}")
    if len(there) + len(changes) > _MOST_ENTRIES:
        raise No("too many entries", "METADATA TOOMANY")
    for entry, value in changes:
        if value is None:
            there.pop(entry, None)
        else:
            there[entry] = value
    if found is not None:
        session.store.keep(found)
    return ("set",)
