"""The standard library's imaplib: answers as they come, parsed by a line of one's own."""

from __future__ import annotations

import imaplib
import re
from pathlib import Path

from bench.child import main
from bench.job import Job

__all__ = ["work"]

_UID = re.compile(rb"UID (\d+)")
_AT_ONCE = 500


def work(job: Job) -> tuple[int, int]:
    """Do *job*. The action "warm" lets the server build its index and fetches nothing."""
    box = imaplib.IMAP4(job.host, job.port)
    box.login(job.user, job.password)
    count = int(box.select("INBOX", readonly=True)[1][0])
    if job.action == "warm":
        box.uid("FETCH", "1:*", "(RFC822.SIZE ENVELOPE BODYSTRUCTURE)")
        return count, 0
    if job.action == "imap-pull":
        uids = _pull(job, box)
    else:
        items = "(FLAGS)" if job.action == "imap-flags" else "(ENVELOPE BODYSTRUCTURE)"
        answers = box.uid("FETCH", "1:*", items)[1]
        uids = [int(_UID.search(one)[1]) for one in answers]
    box.logout()
    return len(uids), sum(uids)


def _pull(job: Job, box: imaplib.IMAP4) -> list[int]:
    folder, uids = Path(job.local), []
    folder.mkdir()
    found = box.uid("SEARCH", "ALL")[1][0].split()
    for start in range(0, len(found), _AT_ONCE):
        part = found[start : start + _AT_ONCE]
        answers = box.uid("FETCH", b",".join(part).decode(), "(BODY.PEEK[])")[1]
        for one in answers:
            if isinstance(one, tuple):
                uid = int(_UID.search(one[0])[1])
                (folder / f"{uid}.eml").write_bytes(one[1])
                uids.append(uid)
    return uids


if __name__ == "__main__":
    main(work)
