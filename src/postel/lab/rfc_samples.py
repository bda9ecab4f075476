"""A small series of made-up RFCs for the lab, in every shape that the real one has. Service code.

The numbers are none that were given out. RFC 30 of the samples is typed in by hand, RFC 20001 has
pages with headers and footers, RFC 30001, which takes its place, has none, as from RFC 8650 on;
one number was never issued, and one was never published as text.
"""

from __future__ import annotations

import json

__all__ = ["sample_files"]

_OLD = """
NWG/RFC# 30                                    ANN 12-MAR-70 10:04  0030
A Note on Notes



Ann Example
12 March 1970

A NOTE ON NOTES

   Everybody who runs a host is asked to leave notes.  There are no
   rules yet.

Form of a note

   A note is a line of text.  It ends where the line ends.

What is missing

   Nobody knows how long a note is kept.
"""

_HEAD = """



Network Working Group                                         A. Example
Request for Comments: 20001                                     B. Tester
Category: Standards Track                                       May 1999


                         Sample Note Protocol

Status of this Memo

   This text is a sample, made for tests.  It specifies nothing.

Abstract

   The Sample Note Protocol keeps short notes on a server.

Table of Contents

   1. Introduction ................................................ 2
   2. The Protocol ................................................ 2
   2.1. Greeting .................................................. 2
   2.2. Commands .................................................. 3
   3. References .................................................. 3
"""

_BODY = """
1. Introduction

   A note is a line of text with a name.  Notes are kept until they
   are removed; nothing is said about how long that may be, and a
   server with a small disk has to remove notes by itself.

2. The Protocol

2.1. Greeting

   The server sends a greeting.  A client that does not see one within
   a minute closes the connection, and tries again later, but not
   sooner than after five
\f   minutes, and not more often than ten times.

2.2. Commands

   A client asks for a note by its name.

      command  = "GET" SP name CRLF
      name     = 1*ALPHA

   The server answers with the note, or with a full stop.

3. References

   [ABNF]  Crocker, D., "Augmented BNF for Syntax Specifications: ABNF".
"""

_NEW = """\ufeff



Internet Engineering Task Force (IETF)                   A. Example, Ed.
Request for Comments: 30001                                  Independent
STD: 900                                                       B. Tester
Obsoletes: 20001                                            Example Corp
Category: Standards Track                                     March 2026
ISSN: 2070-1721


                         Sample Note Protocol

Abstract

   The Sample Note Protocol keeps short notes on a server.  This
   document replaces RFC 20001; notes can expire now.

Status of This Memo

   This text is a sample, made for tests.  It specifies nothing.

Table of Contents

   1.  Introduction
   2.  The Protocol
     2.1.  Commands
     2.2.  Answers
   3.  Expiry
   4.  Security Considerations
   Appendix A.  Changes
   Acknowledgments

1.  Introduction

   A note is a line of text with a name.  A server keeps notes until
   they expire (Section 3).

2.  The Protocol

   The key words "MUST" and "MAY" are to be read as usual.

2.1.  Commands

   A client MUST end each command with CRLF.

   command  = get / put
   get      = "GET" SP name CRLF
   put      = "PUT" SP name SP 1*VCHAR
              [ SP expiry ] CRLF    ; see Section 3
   name     = ALPHA *( ALPHA / DIGIT / "-" )
   expiry   = 1*DIGIT               ; seconds

2.2.  Answers

   The server answers in the order of the commands, so that a client
   MAY send several at once (pipelining).

   answer   = ( "+" note / "-" reason ) CRLF
   note     = *VCHAR
   reason   = 1*VCHAR

3.  Expiry

   Notes expire after the number of seconds that was given with them,
   or after one day.

4.  Security Considerations

   Everybody can read every note.

Appendix A.  Changes

   Expiry is new.  Names may have digits.

Acknowledgments

   Nobody was harmed by these samples.
"""

_PRACTICE = """\ufeff



Internet Engineering Task Force (IETF)                         C. Writer
Request for Comments: 30002                                 Example Corp
BCP: 901                                                      April 2026
Category: Best Current Practice


                     How to Write Notes That Last

Abstract

   Advice for those who write notes with the Sample Note Protocol.

1.  Advice

   Write short notes.  Write them in the language of the reader.
"""

_INDEX = """

                             RFC INDEX
                           -------------

(CREATED ON: 11/18/2026.)

This file contains citations for all RFCs in numeric order.

0030 A Note on Notes. A. Example. March 1970. (Format: TXT, HTML) (Status:
     UNKNOWN) (DOI: 10.17487/RFC0030)

0031 Not Issued.

0032 Notes on Paper. B. Tester. April 1970. (Format: PDF) (Status:
     UNKNOWN)

20001 Sample Note Protocol. A. Example, B. Tester. May 1999. (Format: TXT,
     HTML) (Obsoleted by RFC30001) (Status: PROPOSED STANDARD) (DOI:
     10.17487/RFC20001)

30001 Sample Note Protocol. A. Example, Ed., B. Tester. March 2026.
     (Format: HTML, TXT, PDF, XML) (Obsoletes RFC20001) (Updated by
     RFC30002) (Also STD900) (Status: INTERNET STANDARD) (DOI:
     10.17487/RFC30001)

30002 How to Write Notes That Last. C. Writer. April 2026. (Format: HTML,
     TXT, PDF, XML) (Updates RFC30001) (Also BCP901) (Status: BEST
     CURRENT PRACTICE) (DOI: 10.17487/RFC30002)
"""

_ENTRY = """  <rfc-entry>
    <doc-id>RFC{number}</doc-id>
    <title>{title}</title>
{authors}    <date><month>{month}</month><year>{year}</year></date>
    <format><file-format>{format}</file-format></format>
    <page-count>4</page-count>
    <keywords><kw>notes</kw><kw>sample</kw></keywords>
    <abstract><p>{abstract}</p></abstract>
{relations}    <current-status>{status}</current-status>
    <publication-status>{status}</publication-status>
    <stream>{stream}</stream>
    <doi>10.17487/RFC{number}</doi>
  </rfc-entry>
"""

_ERRATA = [
    {"errata_id": "9001", "doc-id": "RFC30001", "errata_status_code": "Verified",
     "errata_type_code": "Technical", "section": "2.1",
     "orig_text": '   put      = "PUT" SP name SP 1*VCHAR',
     "correct_text": '   put      = "PUT" SP name SP note',
     "notes": "VCHAR has no space; a note has.", "submit_date": "2026-05-02",
     "submitter_name": "D. Reader", "verifier_id": "1", "verifier_name": "A. Example",
     "update_date": "2026-06-01"},
    {"errata_id": "9002", "doc-id": "RFC30001", "errata_status_code": "Rejected",
     "errata_type_code": "Editorial", "section": "3", "orig_text": "one day",
     "correct_text": "two days", "notes": "I would like two.", "submit_date": "2026-05-03",
     "submitter_name": "E. Hasty"},
]


def sample_files() -> dict[str, bytes]:
    """Every file of the lab's RFC server, by path.

    Example:
        >>> sorted(sample_files())[:3]
        ['/errata.json', '/rfc-index.txt', '/rfc-index.xml']
    """
    return {
        "/rfc-index.xml": _index_xml().encode(),
        "/rfc-index.txt": _INDEX.encode(),
        "/errata.json": json.dumps(_ERRATA, indent=1).encode(),
        "/rfc/rfc30.txt": _OLD.encode(),
        "/rfc/rfc20001.txt": _paged(_HEAD, _BODY).encode(),
        "/rfc/rfc30001.txt": _NEW.encode(),
        "/rfc/rfc30002.txt": _PRACTICE.encode(),
    }


def _paged(*parts: str) -> str:
    """Pages of 58 lines, with header and footer, as texts had them before RFC 8650."""
    pages = [page for part in parts for page in part.split("\f")]
    made = []
    for number, page in enumerate(pages, 1):
        lines = page.strip("\n").split("\n")
        if number > 1:
            lines = ["RFC 20001               Sample Note Protocol                May 1999", "", "",
                     *lines]
        lines += [""] * (55 - len(lines))
        foot = f"Example & Tester            Standards Track                     [Page {number}]"
        made.append("\n".join([*lines, "", foot]) + "\n")
    return "\f\n".join(made)


def _index_xml() -> str:
    rows = [
        ("0030", "A Note on Notes", ("A. Example",), "March", 1970, "TXT",
         "Everybody who runs a host is asked to leave notes.", "", "UNKNOWN", "Legacy"),
        ("0032", "Notes on Paper", ("B. Tester",), "April", 1970, "PDF", "", "", "UNKNOWN",
         "Legacy"),
        ("20001", "Sample Note Protocol", ("A. Example", "B. Tester"), "May", 1999, "TXT",
         "The Sample Note Protocol keeps short notes on a server.",
         "obsoleted-by RFC30001", "PROPOSED STANDARD", "IETF"),
        ("30001", "Sample Note Protocol", ("A. Example, Ed.", "B. Tester"), "March", 2026, "TXT",
         "The Sample Note Protocol keeps short notes on a server. This document replaces RFC "
         "20001; notes can expire now.",
         "obsoletes RFC20001 updated-by RFC30002 is-also STD900", "INTERNET STANDARD", "IETF"),
        ("30002", "How to Write Notes That Last", ("C. Writer",), "April", 2026, "TXT",
         "Advice for those who write notes with the Sample Note Protocol.",
         "updates RFC30001 is-also BCP901", "BEST CURRENT PRACTICE", "IETF"),
    ]
    entries = "".join(_entry(*row) for row in rows)
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<rfc-index>\n{entries}'
            "  <rfc-not-issued-entry><doc-id>RFC0031</doc-id></rfc-not-issued-entry>\n"
            "  <std-entry><doc-id>STD0900</doc-id>"
            "<is-also><doc-id>RFC30001</doc-id></is-also></std-entry>\n"
            "  <bcp-entry><doc-id>BCP0901</doc-id>"
            "<is-also><doc-id>RFC30002</doc-id></is-also></bcp-entry>\n</rfc-index>\n")


def _entry(
    number: str, title: str, authors: tuple[str, ...], month: str, year: int, form: str,
    abstract: str, relations: str, status: str, stream: str,
) -> str:
    words = relations.split()
    related = "".join(f"    <{kind}><doc-id>{name}</doc-id></{kind}>\n"
                      for kind, name in zip(words[::2], words[1::2], strict=True))
    names = "".join(
        f"    <author><name>{one.removesuffix(', Ed.')}</name>"
        f"{'<title>Editor</title>' if one.endswith('Ed.') else ''}</author>\n" for one in authors)
    return _ENTRY.format(number=number, title=title, authors=names, month=month, year=year,
                         format=form, abstract=abstract, relations=related, status=status,
                         stream=stream)
