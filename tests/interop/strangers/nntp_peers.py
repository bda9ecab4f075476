"""The lab's news server, asked by pynntp or by Python's old nntplib; prints what was found, as JSON.

python nntp_peers.py (nntplib|pynntp) HOST PORT TLS_PORT CA
"""

import io
import json
import ssl
import sys
import warnings

ARTICLE = (b"From: Peer <peer@example.org>\r\nNewsgroups: misc.test\r\nSubject: From a peer\r\n"
           b"\r\n.dot\r\nend\r\n")


def old(host, port, tls_port, ca):
    warnings.simplefilter("ignore")
    import nntplib

    found = {}
    with nntplib.NNTP(host, port, user="alice", password="secret", readermode=True) as news:
        found["capabilities"] = "READER" in news.getcapabilities()
        _, count, first, last, name = news.group("misc.test")
        found["group"] = [count, first, last, name]
        _, rows = news.over((first, last))
        found["subjects"] = [row["subject"] for _, row in rows]
        found["xref"] = rows[0][1]["xref"]
        found["body"] = [line.decode() for line in news.body(3)[1].lines]
        found["stat"] = news.stat(5)[2]
        found["next"] = news.next()[1]
        found["xhdr"] = news.xhdr("subject", f"{first}-{first + 1}")[1]
        found["list"] = [group.group for group in news.list()[1]]
        found["described"] = news.descriptions("misc.*")[1]
        found["date"] = news.date()[1].year
        news.post(io.BytesIO(ARTICLE))
        found["posted"] = news.group("misc.test")[3]
    with nntplib.NNTP(host, port) as news:
        news.starttls(ssl.create_default_context(cafile=ca))
        found["starttls"] = news.group("misc.test")[1]
    with nntplib.NNTP_SSL(host, tls_port, ssl_context=ssl.create_default_context(cafile=ca)) as news:
        found["tls"] = news.group("misc.test")[1]
    return found


def new(host, port, tls_port, ca):
    import nntp

    found = {}
    news = nntp.NNTPClient(host, port, "alice", "secret")
    found["capabilities"] = "READER" in list(news.capabilities())
    count, first, last, name = news.group("misc.test")
    found["group"] = [count, first, last, name]
    found["subjects"] = [row["Subject"] for _, row in news.xover((first, last))]
    found["body"] = news.body(3).decode().splitlines()
    found["xhdr"] = list(news.xhdr("subject", (first, first + 1)))
    # its hdr() takes no 225 (RFC 3977 section 8.5.2), so there is no asking by it
    found["xzver"] = [row["Subject"] for _, row in news.xzver((first, last))]
    found["xzhdr"] = list(news.xzhdr("subject", (first, first + 1)))
    found["list"] = [group[0] for group in news.list_active()]
    found["date"] = news.date().year
    for terminator in (False, True):
        if news.xfeature_compress_gzip(terminator):
            found["zipped"] = [row["Subject"] for _, row in news.xover((first, last))]
    found["post"] = bool(news.post({"From": "Peer <peer@example.org>", "Subject": "From a peer",
                                    "Newsgroups": "misc.test"}, b".dot\r\nend\r\n"))
    found["posted"] = news.group("misc.test")[2]
    news.quit()
    return found


if __name__ == "__main__":
    ask = {"nntplib": old, "pynntp": new}[sys.argv[1]]
    found = ask(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
    sys.stdout.write(json.dumps(found))
