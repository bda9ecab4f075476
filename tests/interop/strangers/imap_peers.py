"""imapclient, aioimaplib and imap_tools, each doing an ordinary day's work on one account.

Usage: imap_peers.py PEER HOST PORT. What it saw goes out as one JSON object.
"""

import asyncio
import json
import sys

NEW = b"Subject: from a peer\r\nTo: alice@example.org\r\n\r\nnew\r\n"


def imapclient(host, port):
    from imapclient import IMAPClient

    with IMAPClient(host, port=port, ssl=False, timeout=20) as box:
        box.login("alice", "secret")
        folders = sorted(name for _, _, name in box.list_folders())
        info = box.select_folder("INBOX")
        found = box.search(["SUBJECT", "m1"])
        fetched = box.fetch(found, ["ENVELOPE", "FLAGS", "BODY.PEEK[]", "BODYSTRUCTURE"])
        first = fetched[found[0]]
        box.add_flags(found[0], [b"\\Flagged"])
        box.move([found[-1]], "Archive")
        box.append("INBOX", NEW, flags=[b"\\Seen"])
        box.idle()
        news = box.idle_check(timeout=1)
        box.idle_done()
        return {"folders": folders, "exists": info[b"EXISTS"], "found": len(found),
                "subject": first[b"ENVELOPE"].subject.decode(),
                "type": first[b"BODYSTRUCTURE"][0].decode().lower(),
                "body": first[b"BODY[]"].decode(), "sorted": len(box.sort("SUBJECT")),
                "threads": len(box.thread("REFERENCES")), "news": len(news),
                "status": box.folder_status("Archive", ["MESSAGES"])[b"MESSAGES"]}


def aioimaplib(host, port):
    from aioimaplib import aioimaplib as library

    async def work():
        box = library.IMAP4(host=host, port=port, timeout=20)
        await box.wait_hello_from_server()
        await box.login("alice", "secret")
        selected = await box.select("INBOX")
        found = (await box.uid_search("SUBJECT m1")).lines[0].split()
        fetched = await box.uid("fetch", found[0].decode(), "(FLAGS BODY.PEEK[])")
        body = next(bytes(line) for line in fetched.lines if bytes(line).startswith(b"From:"))
        idle = await box.idle_start(timeout=10)
        box.idle_done()
        await asyncio.wait_for(idle, 10)
        await box.append(NEW, mailbox="INBOX", flags="\\Seen")
        moved = await box.uid("move", found[-1].decode(), "Archive")
        await box.logout()
        return {"exists": int(next(one for one in selected.lines if one.endswith(b"EXISTS"))
                              .split()[0]),
                "found": len(found), "body": body.decode(), "moved": moved.result}

    return asyncio.run(work())


def imap_tools(host, port):
    from imap_tools import AND, MailBoxUnencrypted, MailMessageFlags

    with MailBoxUnencrypted(host, port, timeout=20).login("alice", "secret") as box:
        messages = list(box.fetch(AND(subject="m1"), mark_seen=False, bulk=True))
        box.flag([messages[0].uid], MailMessageFlags.FLAGGED, True)
        box.move([messages[-1].uid], "Archive")
        box.append(NEW, "INBOX")
        box.folder.create("Work")
        return {"folders": sorted(one.name for one in box.folder.list()),
                "found": len(messages), "subject": messages[0].subject, "text": messages[0].text,
                "status": box.folder.status("Archive", ["MESSAGES"])["MESSAGES"]}


def lacking(name):
    try:
        __import__(name)
    except ImportError:
        return True
    return False


if __name__ == "__main__":
    peer = sys.argv[1]
    if lacking(peer):
        sys.exit(77)
    work = {"imapclient": imapclient, "aioimaplib": aioimaplib, "imap_tools": imap_tools}[peer]
    json.dump(work(sys.argv[2], int(sys.argv[3])), sys.stdout)
