"""The rows: which action, on which server, over which path, against which reference."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch

__all__ = ["ROWS", "Row", "chosen"]


@dataclass(frozen=True)
class Row:
    """One comparison.

    Args:
        name: what `--only` matches.
        title: as shown; `{sizes.…}` is filled in.
        action: key of `CONTENDERS`.
        server: "vsftpd", "proftpd", "nginx" or "dovecot".
        reference: the contender whose time is 1.00.
        size: the field of `Sizes` that is its count.
        path: what it moves, below the served root.
        delay: round trip in milliseconds; 0 is the loopback device.
        security: "plain", "starttls", "tls" (HTTP/1.1) or "h2".
        without: contenders that take no part in it.
        rate: bytes a second that the server gives one connection; 0 is all it has.
    """

    name: str
    title: str
    action: str
    server: str
    reference: str
    size: str
    path: str = ""
    delay: int = 0
    security: str = "plain"
    without: tuple[str, ...] = ()
    rate: int = 0


# who takes no part in the TLS rows
_NO_TLS = ("aioftp", "aioftp, 256 KiB blocks")


def _ftp(server: str, label: str) -> list[Row]:
    return [
        Row(f"retr-{server}", f"RETR of {{mib}} MiB from {label}",
            "retr", server, "curl", "big", "/big.bin"),
        Row(f"stor-{server}", f"STOR of {{mib}} MiB to {label}",
            "stor", server, "curl", "big", "/big.bin"),
        Row(f"ftps-{server}", f"RETR of {{mib}} MiB from {label} over TLS",
            "retr", server, "curl", "big", "/big.bin", security="starttls", without=_NO_TLS),
        Row(f"tree-{server}", f"Mirror of {{sizes.tree:,}} small files from {label}",
            "tree", server, "lftp -P10", "tree", "/tree"),
        Row(f"tree-up-{server}", f"Mirror of {{sizes.tree:,}} small files to {label}",
            "tree-up", server, "lftp -P10", "tree", "/tree"),
        Row(f"far-{server}", f"{{sizes.many:,}} files of 1 KiB from {label}, 20 ms round trip",
            "tree", server, "lftp -P10", "many", "/many", delay=20),
        Row(f"list-{server}", f"Listing of {{sizes.entries:,}} entries from {label}",
            "list", server, "curl", "entries", "/long"),
    ]


def _http(name: str, label: str, security: str) -> list[Row]:
    none = ("aiohttp", "requests", "aria2c") if security == "h2" else ()
    return [
        Row(f"{name}-get", f"GET of {{mib}} MiB from nginx over {label}",
            "http-get", "nginx", "curl", "big", "/big.bin", security=security, without=none),
        Row(f"{name}-put", f"PUT of {{mib}} MiB to nginx over {label}",
            "http-put", "nginx", "curl", "big", "/big.bin", security=security, without=none),
    ]


def _sftp(name: str, what: str, size: str, path: str, delay: int) -> list[Row]:
    far = f", {delay} ms round trip" if delay else ""
    return [
        Row(name, f"{what} of 1 KiB from sshd by SFTP{far}", "sftp-tree", "sshd",
            "lftp -P10", size, path, delay=delay, security="ssh"),
        Row(f"{name}-up", f"{what} of 1 KiB to sshd by SFTP{far}", "sftp-tree-up", "sshd",
            "lftp -P10", size, path, delay=delay, security="ssh"),
    ]


_SERVERS = (("vsftpd", "vsftpd", "plain", "ftp"), ("proftpd", "ProFTPD", "plain", "ftp"),
            ("sshd", "sshd by SFTP", "ssh", "ssh"), ("nginx", "nginx", "plain", "http"))
_NO_SSH = ("rsync, over ssh", "rsync --dry-run")


def _mirrors() -> list[Row]:
    """The engine, over each protocol: near and far, up and down, and again."""
    rows = []
    for server, label, security, kind in _SERVERS:
        rows.append(Row(f"mirror-{server}", f"Mirror of {{sizes.tree:,}} small files from {label}",
                        f"mirror-{kind}", server, "lftp -P10", "tree", "/tree", security=security))
        if kind != "http":
            rows.append(Row(
                f"mirror-{server}-up", f"Mirror of {{sizes.tree:,}} small files to {label}",
                f"mirror-{kind}-up", server, "lftp -P10", "tree", "/tree", security=security))
        rows += [Row(f"mirror-far-{name}-{server}", "Mirror of {sizes." + size + ":,} files of "
                     f"1 KiB from {label}, 20 ms round trip", f"mirror-{kind}", server,
                     "lftp -P10", size, path, delay=20, security=security)
                 for name, size, path in (("200", "many", "/many"),
                                          ("1000", "thousand", "/thousand"))]
        rows.append(Row(
            f"again-{server}", f"Mirror of {{sizes.tree:,}} small files from {label}, unchanged",
            "mirror-again", server, "postel, listing alone", "tree", "/tree", security=security,
            without=() if security == "ssh" else _NO_SSH))
    return rows


def _plan(server: str, label: str, security: str) -> Row:
    return Row(f"plan-{server}", f"Plan of {{sizes.entries:,}} files from {label}", "mirror-plan",
               server, "postel, listing alone", "entries", "/planned", security=security,
               without=() if security == "ssh" else _NO_SSH)


def _segments(server: str, label: str, *without: str) -> Row:
    return Row(f"segments-{server}",
               f"{{mib}} MiB from {label}, which gives a connection 64 MiB/s",
               "mirror-segments", server, "aria2 -x8", "big", "/big.bin", rate=64 << 20,
               without=without)


ROWS = [
    *_ftp("vsftpd", "vsftpd"),
    *_ftp("proftpd", "ProFTPD"),
    *_http("http", "HTTP", "plain"),
    *_http("https", "HTTPS", "tls"),
    *_http("h2", "HTTP/2", "h2"),
    Row("http-tree", "Mirror of {sizes.tree:,} small files from nginx, by its index pages",
        "http-tree", "nginx", "wget -r", "tree", "/tree"),
    Row("http-small", "{sizes.small:,} GETs of 1 KiB from nginx, one connection",
        "http-small", "nginx", "curl", "small", "/small"),
    Row("tftp-get", "RRQ of {mib} MiB from tftpd-hpa, blocks of 1,428 bytes",
        "tftp-get", "tftpd", "curl", "big", "/big.bin"),
    Row("sftp-get", "GET of {mib} MiB from sshd by SFTP",
        "sftp-get", "sshd", "sftp", "big", "/big.bin", security="ssh"),
    Row("sftp-put", "PUT of {mib} MiB to sshd by SFTP",
        "sftp-put", "sshd", "sftp", "big", "/big.bin", security="ssh"),
    *_sftp("sftp-200", "{sizes.many:,} files", "many", "/many", 0),
    *_sftp("sftp-1000", "{sizes.thousand:,} files", "thousand", "/thousand", 0),
    *_sftp("sftp-far-200", "{sizes.many:,} files", "many", "/many", 20),
    *_sftp("sftp-far-1000", "{sizes.thousand:,} files", "thousand", "/thousand", 20),
    *_mirrors(),
    _plan("vsftpd", "vsftpd", "plain"),
    _plan("sshd", "sshd by SFTP", "ssh"),
    _segments("nginx", "nginx"),
    _segments("vsftpd", "vsftpd", "wget2 in chunks"),
    Row("send-many", "{sizes.mails:,} messages to Postfix, one connection",
        "send-many", "postfix", "smtplib", "mails"),
    Row("send-rcpt", "One message for {sizes.rcpts:,} recipients to Postfix",
        "send-rcpt", "postfix", "smtplib", "rcpts"),
    Row("send-many-far", "{sizes.rcpts:,} messages to Postfix, one connection, 20 ms round trip",
        "send-many", "postfix", "smtplib", "rcpts", delay=20),
    Row("send-rcpt-far",
        "One message for {sizes.rcpts:,} recipients to Postfix, 20 ms round trip",
        "send-rcpt", "postfix", "smtplib", "rcpts", delay=20),
    Row("compose-text", "{sizes.mails:,} letters of 4 KB in many languages, composed",
        "compose-text", "none", "email", "mails"),
    Row("compose-rich", "{sizes.rcpts:,} messages of HTML, a picture and a file of 1 MB, composed",
        "compose-rich", "none", "email", "rcpts"),
    Row("compose-many", "{sizes.rcpts:,} letters to 1,003 recipients, composed",
        "compose-many", "none", "email", "rcpts"),
    Row("parse-lazy", "{sizes.messages:,} letters of 4 KB parsed: structure, two raw fields",
        "parse-lazy", "none", "email, policy.default", "messages"),
    Row("parse-typed", "{sizes.messages:,} letters of 4 KB parsed: six typed fields",
        "parse-typed", "none", "email, policy.default", "messages"),
    Row("parse-all", "{sizes.messages:,} letters of 4 KB parsed: six typed fields, and everything",
        "parse-all", "none", "email, policy.default", "messages"),
    Row("parse-html", "{sizes.mails:,} letters of 33 KB, text and HTML, everything decoded",
        "parse-html", "none", "email, policy.default", "mails"),
    Row("parse-file", "{sizes.rcpts:,} letters with a file of 1 MB, everything decoded",
        "parse-file", "none", "email, policy.default", "rcpts"),
    Row("expect-text", "{sizes.messages:,} times 5 KiB from a terminal, three texts wanted",
        "expect-text", "none", "pexpect", "messages"),
    Row("expect-regex", "{sizes.messages:,} times 5 KiB from a terminal, two expressions wanted",
        "expect-regex", "none", "pexpect", "messages"),
    Row("envelope-lazy", "{sizes.messages:,} FETCH responses with ENVELOPE, ten times: checked",
        "envelope-lazy", "none", "imapclient", "messages"),
    Row("envelope-typed", "{sizes.messages:,} FETCH responses with ENVELOPE, ten times: 5 fields",
        "envelope-typed", "none", "imapclient", "messages"),
    *(Row(f"{kind.lower()}-{what}", f"{{sizes.messages:,}} letters of 4 KB {done} {kind}",
          f"{kind.lower()}-{what}", "none", "mailbox", "messages")
      for kind in ("mbox", "Maildir") for what, done in (("read", "read from one"),
                                                         ("write", "written to one"))),
    *(Row(f"dkim-{what}-{kind}", f"{{sizes.mails:,}} messages of 1 KiB {done} by DKIM, {label}",
          f"dkim-{what}-{kind}", "none", "dkimpy", "mails")
      for what, done in (("verify", "verified"), ("sign", "signed"))
      for kind, label in (("rsa", "RSA of 1024 bits"), ("ed25519", "Ed25519"))),
    Row("imap-flags", "Flags of {sizes.pulled:,} messages from Dovecot by IMAP",
        "imap-flags", "dovecot-imap", "imaplib, unparsed", "pulled"),
    Row("imap-envelope", "Envelope and structure of {sizes.pulled:,} messages from Dovecot by IMAP",
        "imap-envelope", "dovecot-imap", "imaplib, unparsed", "pulled"),
    Row("imap-pull", "{sizes.pulled:,} messages of 7 KB from Dovecot by IMAP into a Maildir",
        "imap-pull", "dovecot-imap", "mbsync", "pulled"),
    Row("imap-pull-far", "{sizes.pulled:,} messages of 7 KB by IMAP into a Maildir, 20 ms",
        "imap-pull", "dovecot-imap", "mbsync", "pulled", delay=20),
    *(Row(f"imap-{what}{far}", title + (", 20 ms round trip" if far else ""), f"imap-{what}",
          "dovecot-imap", "mbsync", "pulled", delay=20 if far else 0)
      for far in ("", "-far") for what, title in (
          ("sync", "An account of {sizes.pulled:,} messages of 7 KB and a new Maildir made alike"),
          ("again", "The same once more: nothing has changed"),
          ("push", "2,000 messages of 7 KB from a Maildir to Dovecot"))),
    Row("rfc-number", "RFC 5321 of a mirror of 738, printed; one process",
        "rfc-number", "none", "cat", "rcpts", "/rfc"),
    Row("rfc-section", "A section of RFC 5321, printed; one process",
        "rfc-section", "none", "grep -A40", "rcpts", "/rfc"),
    Row("rfc-search", "738 RFCs searched for a word; one process",
        "rfc-search", "none", "grep -il", "rcpts", "/rfc"),
    Row("rfc-index", "738 RFCs, 38 MB: from a folder to a mirror that is searched",
        "rfc-index", "none", "sqlite3, FTS5 of whole files", "rcpts", "/rfc"),
    Row("news-articles", "ARTICLE of {sizes.articles:,} articles of 1 KB from INN",
        "news-articles", "inn", "nntplib", "articles"),
    Row("news-articles-far", "ARTICLE of {sizes.articles:,} articles of 1 KB, 20 ms round trip",
        "news-articles", "inn", "nntplib", "articles", delay=20),
    Row("news-over", "OVER of {sizes.entries:,} rows from INN",
        "news-over", "inn", "nntplib", "entries"),
    Row("pop3", "{sizes.messages:,} messages from Dovecot",
        "mail", "dovecot", "poplib", "messages"),
    Row("pop3-far", "{sizes.far_messages:,} messages from Dovecot, 20 ms round trip",
        "mail", "dovecot", "poplib", "far_messages", delay=20),
]


def chosen(patterns: list[str]) -> list[Row]:
    """The rows that some pattern matches ("far-*", "*-vsftpd"); all without patterns."""
    if not patterns:
        return ROWS
    return [row for row in ROWS if any(fnmatch(row.name, pattern) for pattern in patterns)]
