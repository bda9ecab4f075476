"""One session with the IMAP server: its state, the loop, and what all commands share.

Service code. A session is not logged in, logged in, or has a folder open; `VERBS` of
`postel.imap.server_verbs` says for each command in which of these it is allowed, and which
capability it belongs to. A command that fails raises `No` or `BadCommand`; nothing else ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from .._version import __version__
from ..errors import (
    AlreadyExists,
    Forbidden,
    LimitReached,
    NoSpace,
    NotFound,
    PostelError,
    ProtocolError,
    TimedOut,
    TransferError,
    TryLater,
    UsageError,
)
from ..serving.faults import Fault
from ..serving.mail_store import Event, MailStore, Message
from ..transport.socket_async import AsyncSocketStream
from .commands import Arguments, BadCommand
from .fetch_items import Item
from .search_program import BadCharset
from .server_channel import Channel, Ended
from .server_options import IMAPOptions
from .server_view import View, ranges
from .wire_server import Announced, Request, shown

if TYPE_CHECKING:
    from .server import IMAPServer

__all__ = ["FLAGS", "No", "Session"]

FLAGS = ("\\Answered", "\\Deleted", "\\Draft", "\\Flagged", "\\Seen")
"""Those of the protocol itself that can be set."""

_MOST_BAD = 50
"""Commands that were none in a row, after which the server hangs up."""

_STRANGERS_LITERAL = 16_384
"""Bytes of a literal from someone who has not logged in: a name, a password, a token."""


class No(PostelError):
    """The command is refused: NO.

    Args:
        text: for people.
        code: for programs: ``"TRYCREATE"``.
    """

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.reply_code = code


class Session:
    """One connection.

    Attributes:
        user: who has logged in.
        enabled: what ENABLE, or a use of CONDSTORE, has switched on.
        saved: the UIDs that ``$`` stands for.
        tag: of the command under way.
        uid: it is one of the UID commands.
        of_new: what is fetched at once of messages that come, by NOTIFY.
    """

    def __init__(self, server: IMAPServer, stream: AsyncSocketStream, options: IMAPOptions) -> None:
        self.server, self.options = server, options
        self.channel = Channel(server, stream, options.profile.line_limit)
        self.user, self.tag, self.uid = "", "", False
        self.mail: MailStore | None = None
        self.view: View | None = None
        self.enabled: set[str] = set()
        self.saved: list[int] = []
        self.news = asyncio.Event()
        self.events: list[Event] = []
        self.wanted: Callable[[Event], bool] | None = None
        self.notifying: object | None = None
        self.of_new: tuple[Item, ...] = ()
        self._bad = self._count = 0
        self._unlisten: Callable[[], None] | None = None
        self._loop = asyncio.get_running_loop()

    # -- what there is ---------------------------------------------------------------------

    @property
    def store(self) -> MailStore:
        """The user's mail."""
        if self.mail is None:
            raise BadCommand("log in first")
        return self.mail

    @property
    def selected(self) -> View:
        """The folder that is open."""
        if self.view is None:
            raise BadCommand("select a folder first")
        return self.view

    def can(self, name: str) -> bool:
        """Whether a capability is on."""
        return self.options.has(name)

    def does(self, quirk: str) -> bool:
        """Whether a quirk is on."""
        return quirk in self.options.quirks

    @property
    def is_rev2(self) -> bool:
        """Whether IMAP4rev2 is in force: by ENABLE, or where nothing else is offered."""
        return "IMAP4REV2" in self.enabled or not self.can("IMAP4rev1")

    @property
    def utf8(self) -> bool:
        """Whether names and strings are UTF-8."""
        return self.is_rev2 or "UTF8=ACCEPT" in self.enabled

    def use_condstore(self) -> None:
        """The client wants mod-sequences from now on (RFC 7162 section 3.1)."""
        if "CONDSTORE" not in self.enabled:
            self.enabled.add("CONDSTORE")
            if self.view is not None:
                self.line(f"* OK [HIGHESTMODSEQ {self.view.folder.modseq}] the last change")

    @property
    def condstore(self) -> bool:
        """Whether the client wants to know mod-sequences."""
        return "CONDSTORE" in self.enabled

    # -- the loop --------------------------------------------------------------------------

    async def run(self) -> None:
        """From the greeting to the end."""
        try:
            await self._greet()
            while (event := await self._next()) is not None:
                if isinstance(event, Announced):
                    self._announced(event)
                else:
                    await self.answer(event)
        except Ended:
            pass
        except (BadCommand, LimitReached, ProtocolError) as error:
            await self._farewell(str(error))
        except TimedOut:
            await self._farewell("you were silent for too long")
        finally:
            self.leave()

    async def _next(self) -> Request | Announced | None:
        """The next command; with NOTIFY in force, news are told meanwhile."""
        from .server_idle import more_or_news

        while (event := self.channel.wire.next_event()) is None:
            more = more_or_news(self) if self.notifying is not None else self.channel.more()
            if not await more:
                return None
        return event

    async def _farewell(self, why: str) -> None:
        with contextlib.suppress(PostelError, OSError, Ended):
            self.server.allow(self.channel.stream, 1.0)
            self.line(f"* BYE {why}")
            await self.channel.flush()

    def leave(self) -> None:
        """Let go of the mail."""
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        self.view = self.mail = None

    async def _greet(self) -> None:
        from .server_login import capabilities

        fault = self.server.faults.due("GREETING")
        if fault is not None:
            await self.fail(fault)
            return
        who = self.options.preauth
        if who:
            self.enter(who)
        words = " ".join(capabilities(self))
        self.line(f"* {'PREAUTH' if who else 'OK'} [CAPABILITY {words}] "
                  f"{self.options.profile.greeting} {__version__}")

    def _announced(self, event: Announced) -> None:
        """Decide about a literal before a byte of it is read."""
        limit = self._literal_limit(event)
        if event.size > limit or event.total > 4 * limit:
            if not event.waits and event.size > 8 * limit:
                raise ProtocolError(f"a literal of {event.size} bytes; the limit is {limit}")
            self.channel.wire.refuse()
            self.line(f"{event.tag or '*'} NO [TOOBIG] a literal of {event.size} bytes; the limit "
                      f"is {limit}")
            return
        if not event.waits:
            small = self.can("LITERAL-") and event.size <= 4096
            if not (small or self.can("LITERAL+") or self.can("IMAP4rev2")):
                raise ProtocolError("a literal that did not wait, and LITERAL+ was not offered")
        self.channel.wire.accept()
        if event.waits:
            self.line("+ go on")

    def _literal_limit(self, event: Announced) -> int:
        if self.mail is None:
            return _STRANGERS_LITERAL
        if event.verb in ("APPEND", "REPLACE", "UID REPLACE"):
            return self.options.profile.append_limit
        return self.options.profile.line_limit

    async def answer(self, request: Request) -> None:
        """Carry out one command."""
        self.server.watch("C", shown(request))
        self.tag, self.uid = request.tag, request.verb.startswith("UID ")
        self._count += 1
        if not request.tag or not request.verb:
            self._broken("a command is a tag, a space and a word")
            return
        fault = self.server.faults.due(request.verb, request.verb.removeprefix("UID "))
        if fault is not None and not fault.on_data:
            await self.fail(fault)
            return
        self.channel.cut = fault
        if self._is_throttled(request):
            return
        await self._carry_out(request)
        if fault is not None:
            await self.channel.flush()
            self.channel.cut = None

    def _is_throttled(self, request: Request) -> bool:
        limit = self.options.throttle
        if limit is None or self._count <= limit or request.verb in ("LOGIN", "LOGOUT"):
            return False
        self._count = 0
        self.line(f"{self.tag} BAD Request is throttled. Suggested Backoff Time: "
                  f"{self.options.backoff} milliseconds")
        return True

    async def _carry_out(self, request: Request) -> None:
        from .server_verbs import find

        try:
            verb = find(self, request.verb)
            words = Arguments(request, utf8=self.utf8)
            done = await verb.handler(self, words)
        except No as refusal:
            self.finish("NO", str(refusal), refusal.reply_code)
        except BadCharset as error:
            self.finish("NO", str(error), "BADCHARSET (US-ASCII UTF-8 ISO-8859-1)")
        except BadCommand as error:
            self._broken(str(error))
        except NotFound as error:
            self.finish("NO", error.message, "NONEXISTENT")
        except AlreadyExists as error:
            self.finish("NO", error.message, "ALREADYEXISTS")
        except NoSpace as error:
            self.finish("NO", error.message, "OVERQUOTA")
        except UsageError as error:
            self.finish("NO", error.message, "CANNOT")
        except (Forbidden, TransferError, TryLater) as error:
            self.finish("NO", error.message, "SERVERBUG")
        else:
            self._bad = 0
            if done is not None:
                if request.verb == "NOOP" or not self.does("no unsolicited"):
                    self.tell_news(expunges=verb.renumbers)
                self.finish("OK", *done)
        if self.channel.is_full:
            await self.channel.flush()

    def _broken(self, why: str) -> None:
        self._bad += 1
        if self._bad > _MOST_BAD:
            raise ProtocolError("too many commands that were none")
        self.line(f"{self.tag or '*'} BAD {why}")

    def finish(self, kind: str, text: str, code: str = "") -> None:
        """End the command."""
        bracket = f"[{code}] " if code else ""
        self.line(f"{self.tag} {kind} {bracket}{text}")

    async def fail(self, fault: Fault) -> None:
        """Do what was asked for instead of what is right."""
        if fault.reply is not None:
            self.channel.put(fault.reply.replace(b"{tag}", self.tag.encode()) + b"\r\n")
        if fault.close:
            await self.channel.end()
        if fault.silent:
            await self.channel.flush()

    # -- what is said ----------------------------------------------------------------------

    def line(self, text: str) -> None:
        """Say something in words."""
        self.server.watch("S", text)
        safe = text.replace("\r", " ").replace("\n", " ")
        self.channel.put(safe.encode("utf-8", "replace") + b"\r\n")

    def untagged(self, data: bytes) -> None:
        """Say ``* data``."""
        nuls = b"\0\0" if self.does("leading nuls") else b""
        self.server.watch("S", f"* {data[:200].decode('utf-8', 'replace')}")
        self.channel.put(nuls + b"* " + data + b"\r\n")

    def enter(self, user: str) -> None:
        """Someone has logged in."""
        store = self.server.stores(user)
        if store is None:
            raise No("this user has no mail here", "UNAVAILABLE")
        self.user, self.mail = user, store
        self._unlisten = store.listen(self._heard)

    def _heard(self, event: Event) -> None:
        """Told from whatever thread something happened in."""
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._note, event)

    def _note(self, event: Event) -> None:
        if self.wanted is not None and self.wanted(event):
            self.events.append(event)
            self.news.set()

    # -- what is new -----------------------------------------------------------------------

    def tell_news(self, *, expunges: bool = True) -> None:
        """What happened in the open folder since it was last told."""
        view = self.view
        if view is None or not view.is_stale:
            return
        if expunges:
            self.tell_gone(view)
        new = view.take_new()
        changed = view.take_changed(new)
        if new:
            self.untagged(b"%d EXISTS" % len(view.uids))
            if not self.is_rev2:
                self.untagged(b"%d RECENT" % len(view.recent))
            came = [one for uid in new if (one := view.message(uid)) is not None]
            self.tell_keywords(view, came)
            if self.of_new:
                from .server_fetch import answer

                for message in came:
                    answer(self, view, message, self.of_new)
        for message in changed:
            self.tell_flags(view, message)

    def tell_gone(self, view: View) -> None:
        """EXPUNGE, or VANISHED for those who know it (RFC 7162)."""
        gone = view.take_gone()
        if gone and "QRESYNC" in self.enabled:
            self.untagged(b"VANISHED " + ranges([uid for _, uid in gone]))
            return
        for number, _ in gone:
            self.untagged(b"%d EXPUNGE" % number)

    def tell_keywords(self, view: View, messages: list[Message]) -> None:
        """FLAGS, where there are new ones among them (RFC 9051 section 7.3.5)."""
        if view.has_new_keywords(messages):
            self.untagged(b"FLAGS (%b)" % " ".join((*FLAGS, *sorted(view.keywords))).encode())

    def tell_flags(self, view: View, message: Message, *, flags: bool = True) -> None:
        """What flags a message has now."""
        words = []
        if self.uid or self.condstore or self.is_rev2:
            words.append(b"UID %d" % message.uid)
        if flags:
            words.append(b"FLAGS (%b)" % " ".join(view.flags(message)).encode())
        if self.condstore:
            words.append(b"MODSEQ (%d)" % message.modseq)
        view.told(message)
        self.tell_keywords(view, [message])
        self.untagged(b"%d FETCH (%b)" % (view.number(message.uid), b" ".join(words)))
