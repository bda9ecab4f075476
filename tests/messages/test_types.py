"""MIME types and viewers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postel.errors import UsageError
from postel.mail.tables import mailcaps, system_types, viewer
from postel.messages.mailcap import Entry, command, matching, read_mailcap
from postel.messages.media_types import (
    extension_of,
    preferred,
    read_globs,
    read_table,
    sniffed,
    type_of,
)


@pytest.mark.parametrize(("name", "kind"), [
    ("a.js", "text/javascript"), ("a.mjs", "text/javascript"), ("a.tar.gz", "application/gzip"),
    ("A.PDF", "application/pdf"), ("a.docx", "application/vnd.openxmlformats-officedocument"
     ".wordprocessingml.document"), ("a.wav", "audio/vnd.wave"), ("a.ico", "image/vnd.microsoft.icon"),
    ("a.woff2", "font/woff2"), ("a.md", "text/markdown"), ("a.eml", "message/rfc822"),
    ("a.yaml", "application/yaml"), ("a.xml", "text/xml"), ("a.ics", "text/calendar"),
    ("a.mkv", "video/matroska"), ("noextension", "application/octet-stream"),
    ("a.unknown", "application/octet-stream"), ("", "application/octet-stream"),
    (".htaccess", "application/octet-stream"), ("a.b.png", "image/png")])
def test_types_by_name(name: str, kind: str) -> None:
    assert type_of(name) == kind


@pytest.mark.parametrize(("name", "content", "kind"), [
    ("a", b"\x89PNG\r\n\x1a\n", "image/png"), ("a.txt", b"%PDF-1.4", "application/pdf"),
    ("a.docx", b"PK\3\4", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("a.zip", b"PK\3\4", "application/zip"), ("a", b"PK\3\4", "application/zip"),
    ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
    ("a.jpg", b"GIF89a", "image/jpeg"),  # of one family: the name is believed
    ("page", b"<!DOCTYPE html><p>", "text/html"), ("notes", b"hello\n", "text/plain"),
    ("notes", "日本".encode(), "text/plain"), ("x", b"\0\1\2", "application/octet-stream"),
    ("x", b"\xff\xfe\xfa", "application/octet-stream"), ("a.m4a", b"\0\0\0\x20ftypM4A ", "audio/mp4"),
    ("a.csv", b"a,b\n", "text/csv"), ("a.svg", b"<svg", "image/svg+xml"),
    ("a.tgz", b"\x1f\x8b\x08", "application/gzip"), ("big", b"x" * 5000, "text/plain")])
def test_types_by_content(name: str, content: bytes, kind: str) -> None:
    assert type_of(name, content) == kind


@given(st.text(max_size=30), st.binary(max_size=40))
def test_a_type_is_always_found(name: str, content: bytes) -> None:
    assert "/" in type_of(name, content)
    sniffed(content)


def test_names_that_iana_prefers() -> None:
    assert preferred("application/x-javascript") == "text/javascript"
    assert preferred("Text/X-VCARD; charset=utf-8") == "text/vcard"
    assert preferred("application/x-own") == "application/x-own"
    assert extension_of("audio/mp3") == ".mp3"
    assert extension_of("chemical/x-pdb", {"pdb": "chemical/x-pdb"}) == ".pdb"


def test_tables_of_the_system() -> None:
    table = read_table("# x\nimage/x-icon ico\nchemical/x-pdb\tpdb .ENT # end\n/bad x\nnothing\n")
    assert table == {"ico": "image/vnd.microsoft.icon", "pdb": "chemical/x-pdb",
                     "ent": "chemical/x-pdb"}
    assert type_of("a.ent", table=table) == "chemical/x-pdb"
    assert type_of("a.js", table={"js": "application/javascript"}) == "text/javascript"
    globs = read_globs("50:application/x-a:*.a\n80:application/x-b:*.a:cs\n50:x/y:*.[ab]\nbad\n")
    assert globs == {"a": "application/x-b"}
    assert isinstance(system_types(), dict)


MAILCAP = """
# the user's
text/html; w3m -dump %s; copiousoutput; nametemplate=%s.html
text/plain; less '%s'; edit=vi "%s"; test=test -n "$DISPLAY"
image; feh %s
application/x-long; one \\
  two \\; three %%; needsterminal
broken line
"""


def test_a_mailcap_is_read() -> None:
    entries = read_mailcap(MAILCAP)
    assert [entry.type for entry in entries] == [
        "text/html", "text/plain", "image/*", "application/x-long"]
    assert entries[3].view == "one   two ; three %%"
    assert entries[3].flags == {"needsterminal"}
    assert [entry.view for entry in matching(entries, "IMAGE/gif; x=y")] == ["feh %s"]
    assert [entry.type for entry in matching(entries, "text/plain", "edit")] == ["text/plain"]
    with pytest.raises(UsageError, match="has no print"):
        command(entries[0], "x", "text/html", action="print")
    with pytest.raises(UsageError, match="cannot be an argument"):
        command(entries[0], "a\0b", "text/html")


LINES = ["printf '%%s|' %s", "printf '%%s|' '%s'", 'printf "%%s|" "%s"', "printf '%%s|' %s | cat",
         "printf '%%s|' \"a'\"%s", "printf '%%s|' %{name}", "printf '%%s|' '%{name}' %t"]
EVIL = ["; echo hacked", "$(echo hacked)", "`echo hacked`", "a'b\"c", "-rf", "a b\nc", "${1}", "%s", "\\"]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("evil", EVIL)
def test_no_value_becomes_shell(line: str, evil: str) -> None:
    entry = Entry("a/b", line)
    done = subprocess.run(command(entry, evil, "a/b", {"name": f"./{evil}"}), text=True,
                          capture_output=True, check=True, timeout=10)
    first = done.stdout.split("|")[0]
    assert first.removeprefix("a'") == f"./{evil}"


@pytest.mark.parametrize("line", ["sh -c 'less %s'", "eval less %s", "echo %s | xargs less"])
def test_a_shell_within_gets_plain_names(line: str) -> None:
    assert command(Entry("a/b", line), "plain-1.txt", "a/b")[-1] == "./plain-1.txt"
    with pytest.raises(UsageError, match="would be read by another shell"):
        command(Entry("a/b", line), "a b", "a/b")


@settings(max_examples=200)
@given(st.text(max_size=40), st.text(max_size=20).filter(lambda t: t.isprintable()))
def test_values_never_stand_in_the_line(line: str, value: str) -> None:
    secret = f"{value}-s3cr3t-"
    try:
        words = command(Entry("a/b", line + " %s %{x} %t"), secret, f"a/{secret}", {"x": secret})
    except UsageError:
        return
    assert "s3cr3t" not in words[2]


def test_viewers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a $(x) 100%s.txt"
    file.write_text("seen")
    mailcap = tmp_path / "mailcap"
    mailcap.write_text("text/plain; false %s; test=false\ntext/*; cat\n")
    monkeypatch.setenv("MAILCAPS", f"{tmp_path}/none:{mailcap}")
    assert len(mailcaps()) == 2
    done = subprocess.run(viewer(str(file), "text/plain"), text=True, capture_output=True,
                          check=True, timeout=10)
    assert done.stdout == "seen"
    with pytest.raises(UsageError, match="no mailcap entry serves image/png"):
        viewer("a", "image/png")
    monkeypatch.delenv("MAILCAPS")
    assert isinstance(mailcaps(), list)


@given(st.text(max_size=200))
def test_any_text_is_a_mailcap_or_not(text: str) -> None:
    for entry in read_mailcap(f"text/plain; cat; {text}\n{text}"):
        command(entry, "x", "text/plain") if entry.view else None
