"""``postel news``: newsgroups, read, posted to, kept."""

from __future__ import annotations

import click

from .news_keep import get, mirror, watch
from .news_post import post
from .news_read import groups, list_, over, read

__all__ = ["command"]


@click.group("news")
def command() -> None:
    """Read newsgroups, post to them, keep them on this disk.

    A group is a URL, nntps://news.example.org/comp.lang.python; or its name alone, where NNTPSERVER
    names the server.
    """


for _verb in (get, groups, list_, mirror, over, post, read, watch):
    command.add_command(_verb)
