"""The console, by its keys, in the lab: what is on the screen, and what is on the server."""

from __future__ import annotations

from hands import console, flags

from postel.serving.mail_store import MailStore


async def test_lists_and_reads_and_nothing_is_obeyed(store: MailStore) -> None:
    async with console() as at:
        rows = at.text.split("\n")
        assert rows[0].startswith(" Postel   alice@imap.lab.test   INBOX   4 new of 4")
        assert "Inbox" in rows[1]
        assert "[bold]x[/] a\\x1b[2Jb" in rows[1]
        assert "N   [31mevil" in rows[1]  # the name was so: ESC is none of it
        assert "N   Ann Example" in rows[2]
        assert "└ Re: The plan" in rows[3]
        assert "\x1b" not in at.text
        assert all(one.cell_length == 80 for one in at.app.screen._compositor.render_strips(
            at.app.screen.size))
        await at.press("enter")
        assert "[red]red[/red] [@click=app.stop()]go[/] \\x1b[31m" in at.text
        assert "1. [b]evil.txt  text/plain, 3 B" in at.text.replace("_b_", "[b]")
        assert "\\Seen" in flags(store, 1)
        await at.press("n")
        assert "Shall we?" in at.text
        assert "\x1b" not in at.text
        await at.press("h")
        assert "Message-ID <1@x>" in at.text
