"""What the composing rows compose: the same words for every contender."""

from __future__ import annotations

__all__ = ["CC", "HTML", "LOGO", "PAPER", "SUBJECT", "TEXT", "WHO"]

SUBJECT = "Bericht für März: Übersicht und Prüfung der Zahlen (第十一版)"
WHO = [("Zoë Müller", "zoe@example.org"), ("Bob Lee", "bob@example.net"),
       ("山田太郎", "taro@example.com")]
CC = [(f"Łukasz Nr. {number}", f"copy{number}@example.org") for number in range(1_000)]
TEXT = "Grüße aus dem Büro, hier ist der Bericht, wie versprochen.\n" * 60
HTML = f"<html><body><img src=\"cid:logo\">{'<p>Grüße aus dem Büro.</p>' * 100}</body></html>"
LOGO = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
PAPER = b"%PDF-1.7\n" + bytes(range(256)) * 4_000
