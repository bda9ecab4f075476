"""What is done with news: groups kept on this disk, files fetched out of articles.

The protocol is `postel.nntp`; articles are `postel.messages`.
"""

from __future__ import annotations

__all__: list[str] = []
