# GENERATED from account_async.py by tools/unasync.py: edit that file, not this one.
"""What belongs to the account and not to its messages. Each is an extension of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..errors import NotFound, NotSupported
from . import asking, responses
from .asking import compose
from .control_sync import Told
from .selecting_sync import Selecting
from .types import Acl, Folder, ListRights, Metadata, Namespaces, Quota
from .wire import Untagged

__all__ = ["Account"]


class Account(Selecting):
    """An account: where its folders live, how much fits, who may do what, what is noted."""

    def namespaces(self) -> Namespaces:
        """Where one's own folders live, other people's, and shared ones (RFC 2342).

        Raises:
            NotSupported: the server does not tell.
        """
        with self._operation("NAMESPACE"):
            self._needs("NAMESPACE")
            _, data = self._run(compose(b"NAMESPACE", takes=["NAMESPACE"]), NotSupported)
            found = [responses.namespaces(one, utf8=self._speaks_utf8) for one in _told(data)]
            return found[-1] if found else Namespaces()

    # -- quota (RFC 9208) ------------------------------------------------------------------

    def quota(self, folder: str | Folder = "INBOX") -> tuple[Quota, ...]:
        """What limits there are for a folder, and how much of them is used.

        Raises:
            NotSupported: the server keeps none.
        """
        with self._operation(f"GETQUOTAROOT {folder}"):
            self._needs("QUOTA")
            _, data = self._run(compose(b"GETQUOTAROOT ", self._name(folder),
                                              takes=["QUOTA", "QUOTAROOT"]))
            return tuple(responses.quota(one) for one in _told(data) if one.name == "QUOTA")

    def set_quota(self, root: str, limits: Mapping[str, int]) -> Quota:
        """Set the limits of a quota root, as ``{"STORAGE": 512}`` (units of 1,024 bytes).

        Raises:
            NotSupported: the server has none.
            Forbidden: only administrators may.
        """
        with self._operation(f"SETQUOTA {root}"):
            self._needs("QUOTA")
            words = b" ".join(asking.word(name.upper(), "quota") + b" %d" % limit
                              for name, limit in limits.items())
            _, data = self._run(compose(b"SETQUOTA ", asking.text(root, "quota root"),
                                              b" (" + words + b")", takes=["QUOTA"]))
            found = [responses.quota(one) for one in _told(data)]
            return found[-1] if found else Quota(root)

    # -- rights (RFC 4314) -----------------------------------------------------------------

    def acl(self, folder: str | Folder) -> Acl:
        """Who may do what in a folder.

        Raises:
            NotSupported: the server has no ACL.
            Forbidden: you may not see it.
        """
        with self._operation(f"GETACL {folder}"):
            self._needs("ACL")
            _, data = self._run(compose(b"GETACL ", self._name(folder), takes=["ACL"]))
            found = [responses.acl(one, utf8=self._speaks_utf8) for one in _told(data)]
            return found[-1] if found else Acl(str(folder))

    def set_acl(self, folder: str | Folder, who: str, rights: str) -> None:
        """Give somebody rights in a folder.

        Args:
            folder: which.
            who: an identifier, as ``"ann"`` or ``"anyone"``.
            rights: letters, as ``"lrs"``; ``"+i"`` adds, ``"-i"`` takes away, "" takes all.
        """
        with self._operation(f"SETACL {folder}"):
            self._needs("ACL")
            if not rights:
                self._run(compose(b"DELETEACL ", self._name(folder), b" ",
                                        asking.text(who, "identifier")))
                return
            self._run(compose(b"SETACL ", self._name(folder), b" ",
                                    asking.text(who, "identifier"), b" ",
                                    asking.word(rights, "rights")))

    def my_rights(self, folder: str | Folder) -> frozenset[str]:
        """What one may do oneself in a folder: letters of RFC 4314."""
        with self._operation(f"MYRIGHTS {folder}"):
            self._needs("ACL")
            _, data = self._run(compose(b"MYRIGHTS ", self._name(folder),
                                              takes=["MYRIGHTS"]))
            found = [responses.my_rights(one) for one in _told(data)]
            return found[-1].rights[""] if found else frozenset()

    def list_rights(self, folder: str | Folder, who: str) -> ListRights:
        """Which rights somebody can be given in a folder."""
        with self._operation(f"LISTRIGHTS {folder}"):
            self._needs("ACL")
            _, data = self._run(compose(
                b"LISTRIGHTS ", self._name(folder), b" ", asking.text(who, "identifier"),
                takes=["LISTRIGHTS"]))
            found = [responses.list_rights(one, utf8=self._speaks_utf8) for one in _told(data)]
            if not found:
                raise NotFound(f"LISTRIGHTS {folder}: the server told nothing")
            return found[-1]

    # -- notes (RFC 5464) ------------------------------------------------------------------

    def metadata(
        self, folder: str | Folder = "", entries: Iterable[str] = ("/private", "/shared"), *,
        depth: str = "infinity", largest: int | None = None,
    ) -> Metadata:
        """Notes about a folder, or about the server.

        Args:
            folder: which; "" is the server.
            entries: names, as ``"/private/comment"``.
            depth: ``"0"`` for the entries alone, ``"1"``, or ``"infinity"`` for those below.
            largest: bytes of the largest value to bring.

        Raises:
            NotSupported: the server has none.
        """
        with self._operation(f"GETMETADATA {folder}"):
            self._needs(*(("METADATA",) if folder else ("METADATA", "METADATA-SERVER")))
            options = b"DEPTH " + asking.word(depth, "depth")
            if largest is not None:
                options += b" MAXSIZE %d" % largest
            words = _spaced([asking.text(entry, "entry") for entry in entries])
            _, data = self._run(compose(
                b"GETMETADATA (" + options + b") ", self._annotated(folder), b" (", *words, b")",
                takes=["METADATA"]))
            found: dict[str, bytes | None] = {}
            for one in _told(data):
                found.update(responses.metadata(one, utf8=self._speaks_utf8).entries)
            return Metadata(str(folder), found)

    def set_metadata(self, folder: str | Folder,
                           entries: Mapping[str, str | bytes | None]) -> None:
        """Write notes about a folder ("" is the server); None takes one away."""
        with self._operation(f"SETMETADATA {folder}"):
            self._needs(*(("METADATA",) if folder else ("METADATA", "METADATA-SERVER")))
            words: list[asking.Part] = []
            for name, value in entries.items():
                content = b"NIL" if value is None else asking.content(value, "value")
                words += [b" " if words else b"", asking.text(name, "entry"), b" ", content]
            self._run(compose(b"SETMETADATA ", self._annotated(folder), b" (", *words, b")"))

    def _annotated(self, folder: str | Folder) -> asking.Part:
        return self._name(folder) if folder else b'""'

    # -- URLs (RFC 4467) and the rest ------------------------------------------------------

    def genurlauth(self, url: str, mechanism: str = "INTERNAL") -> str:
        """A URL of a message that somebody else may fetch with.

        Args:
            url: an IMAP URL that ends in ``;URLAUTH=…``.
            mechanism: how it is authorised.

        Raises:
            NotSupported: the server cannot.
        """
        with self._operation("GENURLAUTH"):
            self._needs("URLAUTH")
            _, data = self._run(compose(
                b"GENURLAUTH ", asking.text(url, "URL"), b" ",
                asking.word(mechanism, "mechanism"), takes=["GENURLAUTH"]))
            words = [value for one in _told(data) for value in one.values]
            if not words:
                raise NotFound("GENURLAUTH: the server made no URL")
            return _text(words[0])

    def urlfetch(self, url: str) -> bytes:
        """What an authorised URL stands for.

        Raises:
            NotFound: it is not valid any more.
        """
        with self._operation("URLFETCH"):
            self._needs("URLAUTH")
            _, data = self._run(compose(b"URLFETCH ", asking.text(url, "URL"),
                                              takes=["URLFETCH"]))
            words = [value for one in _told(data) for value in one.values[1:2]]
            content = words[0] if words else None
            if not isinstance(content, bytes | str):
                raise NotFound("URLFETCH: the server has nothing there",
                               hint="the URL has expired, or was made with another key")
            return content if isinstance(content, bytes) else content.encode()

    def resetkey(self, folder: str | Folder = "") -> None:
        """Make all URLs of a folder, or of the account, invalid."""
        with self._operation("RESETKEY"):
            self._needs("URLAUTH")
            self._run(compose(b"RESETKEY ", self._name(folder)) if folder
                            else compose(b"RESETKEY"))

    def set_language(self, *tags: str) -> tuple[str, ...]:
        """Have the server speak another language (RFC 5255); without tags, which there are."""
        with self._operation("LANGUAGE"):
            self._needs("LANGUAGE")
            words = [b" " + asking.word(tag, "language") for tag in tags]
            _, data = self._run(compose(b"LANGUAGE", *words, takes=["LANGUAGE"]))
            return tuple(_text(word) for one in _told(data) for value in one.values
                         for word in (value if isinstance(value, list) else [value]))


def _told(data: Sequence[Told]) -> list[Untagged]:
    return [one for one in data if isinstance(one, Untagged)]


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


def _spaced(parts: list[asking.Part]) -> list[asking.Part]:
    found: list[asking.Part] = []
    for part in parts:
        found += [b" ", part] if found else [part]
    return found
