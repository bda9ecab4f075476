"""What keys do to write: reply, forward, a new message; the text is on the disk all the time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ...errors import PostelError, UsageError
from ...messages.parsed import parse
from ...wire.text import display
from . import writing
from .asking import Choose, Pick
from .pages import Editor
from .writing import Draft

if TYPE_CHECKING:
    from ...mail.post_types import Summary
    from ...messages.draft import Message
    from .access import Access, Place
    from .desk import Desk

__all__ = ["Composing"]


class Composing:
    """Actions that write; a part of `Console`."""

    sending = 0
    _draft: Draft | None = None

    if TYPE_CHECKING:
        access: Access
        place: Place
        desk: Desk
        folder: str
        found: dict[str, Summary]
        screen: Any
        do: Callable[..., None]
        tell: Callable[[str], None]
        fail: Callable[[PostelError], None]
        chosen: Callable[[], list[Summary]]
        changed: Callable[[Summary, frozenset[str]], None]
        update_rows: Callable[[], None]
        outside: Callable[[Any], Awaitable[None]]
        ask: Any
        begin: Callable[..., None]
        awaiting: bool

    def action_reply(self, everyone: bool) -> None:
        """Answer."""
        self.begin(self._reply(everyone=everyone))

    def action_forward(self) -> None:
        """Pass on."""
        self.begin(self._forward())

    def action_compose(self) -> None:
        """Write a new message."""
        self.begin(self._compose())

    def action_drafts(self) -> None:
        """Take up a draft that was kept."""
        self.begin(self._drafts())

    async def _reply(self, *, everyone: bool) -> None:
        one = self.chosen()[0]
        parsed = parse(await self.desk.read(self.folder, one.key))
        draft = writing.replied(parsed, self.access.identities(self.place), everyone=everyone)
        await self._write(writing.keep(draft, (self.folder, one.key, "answered")))

    async def _forward(self) -> None:
        one = self.chosen()[0]
        parsed = parse(await self.desk.read(self.folder, one.key))
        draft = writing.passed_on(parsed, self.access.identities(self.place))
        await self._write(writing.keep(draft, (self.folder, one.key, "forwarded")))

    async def _compose(self) -> None:
        await self._write(writing.keep(writing.begun(self.access.identities(self.place))))

    async def _drafts(self) -> None:
        paths = writing.kept()
        if not paths:
            self.tell("no drafts are kept on this machine")
            return
        shown = {str(number): _about(Draft(path)) for number, path in enumerate(paths)}
        picked = await self.ask(Choose("Go on writing", shown))
        if picked is not None:
            await self._write(Draft(paths[int(picked)]))

    # -- the way of a draft --------------------------------------------------------------------

    async def _write(self, draft: Draft) -> None:
        """Edit, ask, send; as often as it takes."""
        self._draft, edit = draft, True
        try:
            while True:
                self.awaiting = True
                if edit:
                    await self._edit(draft)
                message, lines = _judged(draft)
                keys = {"e": "edit", "k": "keep it for later", "x": "throw it away"}
                if message is not None:
                    keys = {"s": "send", **keys}
                keys["Esc"] = "keep"
                answer = await self.ask(Pick(lines, keys))
                edit = answer == "e"
                if answer == "x":
                    draft.drop()
                    self.tell("thrown away")
                    return
                if answer == "s" and message is not None:
                    await self._send(draft, message)
                    return
                if not edit:
                    self.tell(f"kept: {draft.path}   D: go on")
                    return
        except PostelError as error:
            raise _with_place(error, draft) from error
        finally:
            if self._draft is draft:
                self._draft = None

    async def _edit(self, draft: Draft) -> None:
        words = writing.editor()
        if words:
            await self.outside(lambda: writing.edited_by(words, draft.path))
            return
        text = await self.ask(Editor(draft.text), more=True)
        if text is not None:
            draft.write(text)

    def keep_open_text(self) -> None:
        """Write down what is being typed."""
        if self._draft is not None and isinstance(self.screen, Editor):
            self._draft.write(self.screen.text)

    async def _send(self, draft: Draft, message: Message) -> None:
        self.tell("sending …")
        if self._asks():
            await self.outside(lambda: self.access.ask_sending(self.place))
        self.sending += 1
        try:
            done = await self.desk.send(message, draft.mark)
        finally:
            self.sending -= 1
        refused = done.sent.refused
        if refused:
            self.tell(f"! not everyone gets it: {', '.join(str(one) for one in refused)}; "
                      f"the text is kept: {draft.path}")
        else:
            draft.drop()
            filed = f"; a copy is in {done.filed}" if done.filed else ""
            self.tell(f"sent to {', '.join(done.sent.accepted)}{filed}")
        for trouble in done.trouble:
            self.fail(PostelError(trouble))
        if draft.mark is not None and draft.mark[1] in self.found:
            one = self.found[draft.mark[1]]
            self.changed(one, one.flags | {draft.mark[2]})
            self.update_rows()

    def _asks(self) -> bool:
        """Whether somebody may be asked before a message is sent."""
        return self.access.may_ask_sending(self.place)


def _judged(draft: Draft) -> tuple[Message | None, list[str]]:
    """The message, and what is said about it before it is sent."""
    try:
        made = draft.message()
    except (PostelError, OSError) as error:
        hint = getattr(error, "hint", "")
        return None, [f"It cannot be sent yet: {error}", *([hint] if hint else [])]
    lines = []
    for name, boxes in (("From", made.from_), ("To", made.to), ("Cc", made.cc),
                        ("Bcc", made.bcc)):
        text = ", ".join(str(one) for one in boxes)
        if text:
            lines.append(f"{name:>8}  {text}")
    lines.append(f"{'Subject':>8}  {made.subject or '(none)'}")
    files = len([*made.attach, *made.inline])
    if files:
        lines.append(f"{'Attached':>8}  {files}")
    return made, lines


def _about(draft: Draft) -> str:
    """A draft in a line."""
    fields = dict(line.split(": ", 1) for line in draft.text.split("\n\n", 1)[0].split("\n")
                  if ": " in line)
    return display(f"{draft.path.name[:15]}  {fields.get('To', 'to nobody')}: "
                   f"{fields.get('Subject', '')}")


def _with_place(error: PostelError, draft: Draft) -> PostelError:
    """An error that tells where the text is."""
    hint = f"{error.hint}; " if error.hint else ""
    made = UsageError(f"not sent: {error}",
                      hint=f"{hint}your text is kept: {draft.path}; D goes on")
    made.command, made.url, made.code = error.command, error.url, error.code
    return made
