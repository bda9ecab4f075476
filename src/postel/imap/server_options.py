"""How the lab's IMAP server behaves: capabilities as switches, limits, quirks, provider profiles.

Service data. A capability that is switched off is off altogether: its commands are unknown, its
arguments are refused. What each profile offers is the table of the providers' own greetings, less
what this server does not do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ..errors import UsageError

__all__ = ["CAPABILITIES", "MECHANISMS", "PROFILES", "QUIRKS", "IMAPOptions", "Profile"]

MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "XOAUTH2",
              "OAUTHBEARER")

CAPABILITIES = (
    "IMAP4rev1", "IMAP4rev2", "LITERAL+", "SASL-IR", "ID", "ENABLE", "IDLE", "NAMESPACE",
    "CHILDREN", "UIDPLUS", "MOVE", "UNSELECT", "UNAUTHENTICATE", "CONDSTORE", "QRESYNC", "ESEARCH",
    "SEARCHRES", "ESORT", "PARTIAL", "WITHIN", "SORT", "SORT=DISPLAY", "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES", "THREAD=REFS", "LIST-EXTENDED", "LIST-STATUS", "LIST-MYRIGHTS",
    "LIST-METADATA", "SPECIAL-USE", "CREATE-SPECIAL-USE", "BINARY", "MULTIAPPEND", "CATENATE",
    "REPLACE",
    "COMPRESS=DEFLATE", "OBJECTID", "NOTIFY", "QUOTA", "QUOTASET", "QUOTA=RES-STORAGE",
    "QUOTA=RES-MESSAGE", "APPENDLIMIT", "SAVEDATE", "PREVIEW", "STATUS=SIZE", "METADATA", "ACL",
    "RIGHTS=kxte", "UTF8=ACCEPT", "SEARCH=FUZZY")
"""All that can be switched on besides X-GM-EXT-1, which a profile brings with it."""

_BEFORE = frozenset({"IMAP4", "IMAP4rev1", "IMAP4rev2", "LITERAL+", "LITERAL-", "SASL-IR", "ID",
                     "ENABLE"})
_FOLDERS = (("Archive", ("\\Archive",)), ("Drafts", ("\\Drafts",)), ("Junk", ("\\Junk",)),
            ("Sent", ("\\Sent",)), ("Trash", ("\\Trash",)))

QUIRKS = {
    "bare highestmodseq": "HIGHESTMODSEQ without the text that must follow (Gmail)",
    "empty alternative": "a multipart without parts in BODYSTRUCTURE (Gmail)",
    "swapped envelope": "name and address change places in ENVELOPE (Gmail)",
    "literal names": "names of folders in LIST are literals (Exchange)",
    "short filenames": "file names in BODYSTRUCTURE end after 20 characters (Exchange)",
    "extra string": "one string too many at the end of BODYSTRUCTURE (Exchange)",
    "namespace bad": "NAMESPACE is answered BAD though it is offered (Exchange)",
    "search space": "a space at the end of SEARCH's answer (Yahoo)",
    "search all fails": "SEARCH ALL is answered NO [SERVERBUG] (Yahoo)",
    "header search fails": "SEARCH HEADER finds nothing (Yahoo)",
    "no rfc822": "FETCH RFC822 leaves the item out in silence (iCloud)",
    "scientific sizes": "sizes like 9.3736e+06 (mail.ru)",
    "endless bye": "BYE is said many times (Yandex)",
    "missing content": "BODY[] is NIL (Yandex)",
    "stray parenthesis": "one parenthesis too many in FETCH (Domino)",
    "no inbox children": "folders in INBOX are refused (Domino)",
    "special-use bad": "LIST with SPECIAL-USE is answered BAD (Proton Bridge)",
    "list return empty": "LIST with RETURN finds nothing for INBOX (strato, OX)",
    "copyuid bare": "COPYUID comes untagged and without OK (home.pl)",
    "negative sizes": "RFC822.SIZE and a part's size are below zero",
    "nil encoding": "the transfer encoding in BODYSTRUCTURE is NIL",
    "no message-id": "ENVELOPE ends before the Message-ID",
    "nil labels": "X-GM-LABELS is NIL",
    "swapped language": "language and disposition change places in BODYSTRUCTURE",
    "miscounted literals": "a literal is announced two bytes too short, and no parenthesis closes",
    "leading nuls": "NUL bytes before an answer",
    "status space": "a space at the end of STATUS's answer",
    "rev2 list": "LIST with RETURN is answered BAD after ENABLE IMAP4rev2 (Exchange)",
    "no unsolicited": "nothing is told of other sessions' changes but by NOOP",
}
"""Habits of real servers, each a switch: what it does, and who was seen to do it."""


@dataclass(frozen=True)
class Profile:
    """A provider, as a server.

    Args:
        name: of it.
        before: capabilities before the log-in.
        after: capabilities after it.
        folders: names and special uses of those that are there from the beginning.
        delimiter: between levels of names.
        prefix: what the names of all folders but INBOX begin with.
        quirks: some of `QUIRKS`.
        greeting: what it says first.
        append_limit: bytes of a message that is taken.
        line_limit: bytes of a command's line.
        labels: folders are labels of one set of messages, as with Gmail.
        recent: whether it says RECENT.
        vendor: what it says to ID.
    """

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    folders: tuple[tuple[str, tuple[str, ...]], ...] = _FOLDERS
    delimiter: str = "/"
    prefix: str = ""
    quirks: frozenset[str] = frozenset()
    greeting: str = "ready"
    append_limit: int = 64 << 20
    line_limit: int = 65_536
    labels: bool = False
    vendor: str = "Postel lab"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _prefixed(prefix: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((prefix + name, uses) for name, uses in _FOLDERS)


_GMAIL = "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1"
_OUTLOOK = ("IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN "
            "IDLE NAMESPACE LITERAL+")
_YAHOO = ("IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER ID MOVE NAMESPACE UIDPLUS "
          "LITERAL+ CHILDREN UNSELECT OBJECTID XYMHIGHESTMODSEQ")
_DOVECOT = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+"
_CYRUS = "IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE SASL-IR"

PROFILES = {
    "full": Profile("full", tuple(one for one in CAPABILITIES if one in _BEFORE), CAPABILITIES),
    "gmail": Profile(
        "gmail", _words(f"{_GMAIL} XYZZY SASL-IR AUTH=XOAUTH2 AUTH=PLAIN AUTH=OAUTHBEARER"),
        _words(f"{_GMAIL} UIDPLUS COMPRESS=DEFLATE ENABLE MOVE CONDSTORE ESEARCH UTF8=ACCEPT "
               "LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE APPENDLIMIT"),
        (("[Gmail]", ("\\Noselect",)), ("[Gmail]/All Mail", ("\\All",)),
         ("[Gmail]/Drafts", ("\\Drafts",)), ("[Gmail]/Important", ("\\Important",)),
         ("[Gmail]/Sent Mail", ("\\Sent",)), ("[Gmail]/Spam", ("\\Junk",)),
         ("[Gmail]/Starred", ("\\Flagged",)), ("[Gmail]/Trash", ("\\Trash",))),
        quirks=frozenset({"bare highestmodseq"}), greeting="Gimap ready for requests",
        append_limit=35_651_584, line_limit=16_384, labels=True, vendor="GImap"),
    "outlook": Profile(
        "outlook", _words(_OUTLOOK), _words(_OUTLOOK),
        tuple((name, ()) for name in ("Archive", "Deleted Items", "Drafts", "Junk Email", "Outbox",
                                      "Sent Items")),
        greeting="The Microsoft Exchange IMAP4 service is ready.", append_limit=150 << 20,
        vendor="Microsoft.Exchange.Imap4.Imap4Server"),
    "yahoo": Profile(
        "yahoo", _words(_YAHOO), _words(_YAHOO),
        tuple((name, ()) for name in ("Archive", "Bulk", "Draft", "Sent", "Trash")),
        quirks=frozenset({"search space", "header search fails"}), line_limit=1_000,
        greeting="IMAP4rev1 imapgate ready", append_limit=41_697_280, vendor="Y!IMAP"),
    "icloud": Profile(
        "icloud", _words("IMAP4 IMAP4rev1 SASL-IR XAPPLEPUSHSERVICE AUTH=PLAIN"),
        _words("IMAP4 IMAP4rev1 SASL-IR XAPPLEPUSHSERVICE XAPPLELITERAL ID IDLE NAMESPACE CHILDREN "
               "UIDPLUS UNSELECT ENABLE CONDSTORE QRESYNC ESEARCH SEARCHRES ESORT SORT "
               "THREAD=ORDEREDSUBJECT THREAD=REFERENCES LIST-STATUS QUOTA METADATA BINARY CATENATE "
               "WITHIN"),
        tuple((name, ()) for name in ("Archive", "Deleted Messages", "Drafts", "Junk", "Notes",
                                      "Sent Messages")),
        quirks=frozenset({"no rfc822"}), greeting="iCloud IMAP4 ready", append_limit=28_311_552,
        vendor="iCloud IMAP"),
    "dovecot": Profile(
        "dovecot", _words(f"{_DOVECOT} AUTH=PLAIN AUTH=LOGIN"),
        _words(f"{_DOVECOT} SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS THREAD=ORDEREDSUBJECT "
               "MULTIAPPEND CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED "
               "I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN LIST-STATUS BINARY "
               "MOVE PREVIEW STATUS=SIZE SAVEDATE NOTIFY SPECIAL-USE"),
        delimiter=".", greeting="Dovecot ready.", vendor="Dovecot"),
    "cyrus": Profile(
        "cyrus", _words(f"{_CYRUS} AUTH=PLAIN AUTH=SCRAM-SHA-256"),
        _words(f"{_CYRUS} ACL RIGHTS=kxte QUOTA NAMESPACE UIDPLUS UNSELECT CHILDREN MULTIAPPEND "
               "CATENATE BINARY CONDSTORE ESEARCH ESORT SEARCHRES SEARCH=FUZZY SORT SORT=DISPLAY "
               "WITHIN THREAD=ORDEREDSUBJECT THREAD=REFERENCES LIST-EXTENDED LIST-STATUS "
               "LIST-MYRIGHTS STATUS=SIZE OBJECTID SAVEDATE MOVE SPECIAL-USE CREATE-SPECIAL-USE "
               "METADATA LIST-METADATA QRESYNC COMPRESS=DEFLATE IDLE APPENDLIMIT PREVIEW REPLACE"),
        _prefixed("INBOX."), ".", "INBOX.", greeting="Cyrus IMAP ready", vendor="Cyrus IMAPD"),
    "courier": Profile(
        "courier", _words("IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT "
                          "THREAD=REFERENCES SORT QUOTA IDLE AUTH=PLAIN AUTH=CRAM-MD5"),
        _words("IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT "
               "QUOTA IDLE ACL"),
        tuple((f"INBOX.{name}", ()) for name in ("Drafts", "Sent", "Trash")), ".", "INBOX.",
        greeting="Courier-IMAP ready.", line_limit=16_384, vendor="Courier-IMAP"),
    "bare": Profile("bare", ("IMAP4rev1",), ("IMAP4rev1",), (("Sent", ()), ("Trash", ())),
                    line_limit=8_000),
}
"""The servers it can be: the eight of the sync tests, and all that there is."""


@dataclass
class IMAPOptions:
    """What a server does; may be changed while it runs, for the sessions that begin then.

    Attributes:
        profile: whose servers it is like.
        without: capabilities that are switched off, in capitals.
        also: capabilities that are switched on besides the profile's.
        quirks: some of `QUIRKS`.
        mechanisms: of AUTHENTICATE.
        allow_clear: whether passwords may come in the clear.
        preauth: as whom every connection is logged in at once; "" for nobody.
        throttle: commands after which each is answered as Exchange does when it is pressed; None
            for never.
        backoff: milliseconds that it then tells the client to wait.
        idle_limit: seconds of IDLE after which the server hangs up.
        read_only: nothing may be changed: every folder is opened as by EXAMINE.

    Example:
        >>> options = IMAPOptions()
        >>> options.use("yahoo")
        >>> options.has("IDLE"), options.has("MOVE"), options.profile.line_limit
        (False, True, 1000)
    """

    profile: Profile = PROFILES["full"]
    without: set[str] = field(default_factory=set)
    also: set[str] = field(default_factory=set)
    quirks: set[str] = field(default_factory=set)
    mechanisms: tuple[str, ...] = MECHANISMS
    allow_clear: bool = True
    preauth: str = ""
    throttle: int | None = None
    backoff: int = 1_000
    idle_limit: float | None = None
    read_only: bool = False

    def use(self, profile: str) -> None:
        """Be like the servers of a provider, quirks and all.

        Raises:
            UsageError: there is no such profile.
        """
        if profile not in PROFILES:
            raise UsageError(f"no such profile: {profile}", hint=f"there are {', '.join(PROFILES)}")
        self.profile = PROFILES[profile]
        self.quirks = set(self.profile.quirks)
        offered = tuple(one.removeprefix("AUTH=") for one in self.profile.before
                        if one.startswith("AUTH="))
        self.mechanisms = offered or (MECHANISMS if profile == "full" else ())
        self.without, self.also = set(), set()

    def behave(self, *quirks: str) -> None:
        """Take on these quirks besides the others.

        Raises:
            UsageError: there is no such quirk.
        """
        if unknown := set(quirks) - set(QUIRKS):
            raise UsageError(f"no such quirk: {', '.join(sorted(unknown))}",
                             hint=f"there are {', '.join(QUIRKS)}")
        self.quirks |= set(quirks)

    def copy(self) -> IMAPOptions:
        """The same, for one session."""
        return replace(self, without=set(self.without), also=set(self.also),
                       quirks=set(self.quirks))

    def _are_on(self, names: Iterable[str]) -> list[str]:
        off = {one.upper() for one in self.without}
        return [one for one in names if one.upper() not in off and not one.startswith("AUTH=")]

    def before(self) -> list[str]:
        """Capabilities before the log-in, without those that TLS decides about."""
        return self._are_on(self.profile.before)

    def after(self) -> list[str]:
        """Capabilities after it."""
        found = self._are_on((*self.profile.after, *sorted(self.also)))
        limit = f"APPENDLIMIT={self.profile.append_limit}"
        return [limit if one == "APPENDLIMIT" else one for one in found]

    def has(self, name: str) -> bool:
        """Whether a capability is on; ``"THREAD"`` and ``"QUOTA"`` mean any of theirs."""
        wanted = name.upper()
        return any(one.upper() == wanted or one.upper().startswith(f"{wanted}=")
                   for one in (*self.after(), *self.before()))
