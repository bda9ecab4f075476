# A conversation (its twin test_ftp_words_sync.py is generated): FTP's words, byte for byte.
"""Each protocol word: the bytes on the wire, and what is made of the answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from scripted_peer import FTPPeer, Line

from postel.errors import (
    AlreadyExists,
    AuthenticationError,
    ConnectionLost,
    Forbidden,
    NoSpace,
    NotFound,
    NotSupported,
    PostelError,
    ProtocolError,
    ReplyError,
    TimedOut,
    TryLater,
    UsageError,
)
from postel.ftp.client_async import AsyncClient

WHEN = datetime(2024, 2, 29, 12, 0, 0, tzinfo=UTC)
HASH_FEAT = b"211-\r\n HASH SHA-256;SHA-1*;MD5\r\n MLST\r\n211 end\r\n"


def client(peer: Any, **keywords: Any) -> AsyncClient:
    return AsyncClient(f"ftp://127.0.0.1:{peer.port}", timeout=5.0, **keywords)


WORDS = [
    ("pwd", (), [b"PWD"], b'257 "/a ""b" is it\r\n', '/a "b'),
    ("pwd", (), [b"PWD"], b"257 /plain without quotes\r\n", "/plain"),
    ("size", ("a b",), [b"SIZE a b"], b"213 1048576\r\n", 1048576),
    ("mdtm", ("x",), [b"MDTM x"], b"213 20240229120000\r\n", WHEN),
    ("mdtm", ("x",), [b"MDTM x"], b"213 20240229120000.000\r\n", WHEN),
    ("syst", (), [b"SYST"], b"215 UNIX Type: L8\r\n", "UNIX Type: L8"),
    ("help", ("SITE",), [b"HELP SITE"], b"214-These:\r\n CHMOD\r\n214 End\r\n",
     "These:\n CHMOD\nEnd"),
    ("status", (), [b"STAT"], b"211-state\r\n211 fake\r\n", "state\nfake"),
    ("status", ("d",), [b"STAT d"], b"213-list\r\n-rw x\r\n213 end\r\n", "list\n-rw x\nend"),
    ("avbl", ("d",), [b"AVBL d"], b"213 123456789012\r\n", 123456789012),
    ("cwd", ("/pub",), [b"CWD /pub"], b"250 there\r\n", None),
    ("cdup", (), [b"CDUP"], b"200 up\r\n", None),
    ("mkd", ("new",), [b"MKD new"], b'257 "/pub/new" made\r\n', "/pub/new"),
    ("mkd", ("new",), [b"MKD new"], b"250 made\r\n", "new"),
    ("rmd", ("old",), [b"RMD old"], b"250 gone\r\n", None),
    ("dele", ("old",), [b"DELE old"], b"250 gone\r\n", None),
    ("chmod", ("f", 0o100644), [b"SITE CHMOD 644 f"], b"200 ok\r\n", None),
    ("allo", (99,), [b"ALLO 99"], b"202 not needed\r\n", None),
    ("noop", (), [b"NOOP"], b"200 ok\r\n", None),
    ("opts", ("UTF8 ON",), [b"OPTS UTF8 ON"], b"200 ok\r\n", None),
    ("lang", ("de",), [b"LANG de"], b"200 gut\r\n", None),
    ("acct", ("money",), [b"ACCT money"], b"230 ok\r\n", None),
    ("type", ("A",), [b"TYPE A"], b"200 ok\r\n", None),
    ("mode", ("Z",), [b"MODE Z"], b"200 ok\r\n", None),
    ("mfmt", ("f", WHEN), [b"MFMT 20240229120000 f"], b"213 ok\r\n", None),
    ("feat", (), [b"FEAT"], b"211-x\r\n MDTM\r\n HASH SHA-1;MD5\r\n211 e\r\n",
     {"MDTM": "", "HASH": "SHA-1;MD5"}),
    ("feat", (), [b"FEAT"], b"502 what\r\n", {}),
]


@pytest.mark.parametrize(("word", "arguments", "sent", "answer", "result"), WORDS)
async def test_word(
    word: str, arguments: tuple[Any, ...], sent: list[bytes], answer: bytes, result: Any
) -> None:
    with FTPPeer() as peer:
        async with client(peer) as site:
            peer.commands.clear()
            peer.answers[sent[0].split(b" ")[0]] = answer
            assert await getattr(site, word)(*arguments) == result
            assert peer.commands == sent
            await site.noop() if word != "noop" else None


async def test_log_in_is_a_fixed_dialogue() -> None:
    with FTPPeer() as peer:
        async with client(peer, user="ann", password="s p") as site:
            assert site.greeting == "ready"
            assert "MLST" in site.capabilities
            assert site.peer.address == "127.0.0.1"
    assert peer.commands == [b"USER ann", b"PASS s p", b"FEAT", b"TYPE I", b"QUIT"]
    assert "s p" not in site.trace.text


async def test_stat_uses_mlst_and_calls_the_entry_what_the_caller_said() -> None:
    with FTPPeer(files={"d/a": b"12345"}) as peer:
        async with client(peer) as site:
            entry = await site.stat("d/a")
    assert (entry.name, entry.size, entry.modified) == ("a", 5, datetime(
        2024, 1, 2, 3, 4, 5, tzinfo=UTC))


async def test_stat_without_mlst_asks_size_and_time_in_binary() -> None:
    with FTPPeer({"FEAT": b"502 no\r\n"}, files={"a": b"12345"}) as peer:
        async with client(peer) as site:
            await site.type("A")
            peer.commands.clear()
            assert (await site.stat("a")).size == 5
            assert peer.commands == [b"TYPE I", b"SIZE a", b"MDTM a"]


async def test_stat_of_a_folder_by_the_listing_above() -> None:
    with FTPPeer({"FEAT": b"502 no\r\n"}, files={"d/sub/x": b"1"}) as peer:
        async with client(peer) as site:
            assert (await site.stat("d/sub")).is_folder
            with pytest.raises(NotFound, match="no such name"):
                await site.stat("d/other")


async def test_size_is_asked_in_binary_mode() -> None:
    with FTPPeer(files={"a": b"12345"}) as peer:
        async with client(peer) as site:
            await site.type("A")
            assert await site.size("a") == 5
            assert peer.commands[-2:] == [b"TYPE I", b"SIZE a"]


async def test_rename_is_two_words() -> None:
    with FTPPeer(files={"a": b"1"}) as peer:
        async with client(peer) as site:
            await site.rename("a", "b")
            with pytest.raises(NotFound):
                await site.rename("gone", "b")
            assert peer.verbs[-1] == "RNFR"
    assert peer.files == {"b": b"1"}


async def test_times_are_set_by_what_the_server_knows() -> None:
    answers = {"MFMT": b"500 no\r\n", "MDTM": b"550 no such file 2024\r\n",
               "SITE": [b"500 no\r\n", b"200 ok\r\n"]}
    with FTPPeer(answers) as peer:
        async with client(peer) as site:
            peer.commands.clear()
            await site.mfmt("f", WHEN)
    assert peer.commands[:4] == [
        b"MFMT 20240229120000 f", b"MDTM 20240229120000 f", b"SITE UTIME 20240229120000 f",
        b"SITE UTIME f 20240229120000 20240229120000 20240229120000 UTC"]


async def test_times_that_nothing_sets() -> None:
    with FTPPeer({"MFMT": b"500 no\r\n", "MDTM": b"500 no\r\n"}) as peer:
        async with client(peer) as site:
            with pytest.raises(NotSupported, match="sets no times"):
                await site.mfmt("f", WHEN)


async def test_digests() -> None:
    digest = b"ab" * 32
    with FTPPeer({"FEAT": HASH_FEAT, "HASH": b"213 SHA-256 0-5 " + digest + b" f\r\n"}) as peer:
        async with client(peer) as site:
            assert site.digests == ("SHA-256", "SHA-1", "MD5")
            peer.commands.clear()
            assert await site.hash("f") == ("SHA-256", digest.decode())
            assert peer.commands == [b"OPTS HASH SHA-256", b"HASH f"]
            with pytest.raises(NotSupported, match="CRC32"):
                await site.hash("f", "CRC32")


async def test_digests_by_the_older_words() -> None:
    feat = b"211-\r\n XSHA256\r\n XMD5 filename\r\n211 end\r\n"
    with FTPPeer({"FEAT": feat, "XMD5": b"250 " + b"0F" * 16 + b"\r\n"}) as peer:
        async with client(peer) as site:
            assert await site.hash("f", "MD5") == ("MD5", "0f" * 16)
            with pytest.raises(ReplyError):
                await site.hash("f")


# -- replies -------------------------------------------------------------------------------


async def test_lines_of_a_reply_may_begin_with_digits() -> None:
    help_ = b"214-first\r\n214-second\r\n226 not the end\r\n 214 nor this\r\n2 1\r\n214 end\r\n"
    with FTPPeer({"HELP": help_}) as peer:
        async with client(peer) as site:
            assert await site.help() == "first\nsecond\n226 not the end\n 214 nor this\n2 1\nend"
            await site.noop()


async def test_bare_line_feeds_are_taken() -> None:
    with FTPPeer({"PWD": b'257 "/"\n', "NOOP": b"200\n"}) as peer:
        async with client(peer) as site:
            assert await site.pwd() == "/"
            await site.noop()


async def test_one_byte_at_a_time() -> None:
    with FTPPeer(files={"a": b"hello"}, slice=1) as peer:
        async with client(peer) as site:
            assert [e.name async for e in site.list()] == ["a"]
            async with site.retr("a") as body:
                assert b"".join([chunk async for chunk in body]) == b"hello"


async def test_a_greeting_that_says_wait_first() -> None:
    with FTPPeer(greeting=b"120 in a minute\r\n220-hi\r\n220 ready\r\n") as peer:
        async with client(peer) as site:
            assert site.greeting == "hi\nready"


@pytest.mark.parametrize(("greeting", "error", "words"), [
    (b"421 too many connections\r\n", ConnectionLost, "421 too many connections"),
    (b"530 you are banned\r\n", AuthenticationError, "530 you are banned"),
    (b"SSH-2.0-OpenSSH\r\n", ProtocolError, "not a reply: SSH-2.0-OpenSSH"),
    (b"", ConnectionLost, "closed the connection"),
])
async def test_greetings_that_end_it(
    greeting: bytes, error: type[PostelError], words: str
) -> None:
    def play(line: Line) -> None:
        line.say(greeting)

    peer = FTPPeer()
    peer.play = play  # type: ignore[method-assign]
    with peer:
        site = client(peer)
        with pytest.raises(error, match=words) as caught:
            await site.open()
        assert caught.value.url is not None
        assert not site.is_open
        await site.aclose()


async def test_account_asked_for_after_the_password() -> None:
    answers = {"PASS": b"332 account\r\n", "ACCT": b"230 in\r\n"}
    with FTPPeer(answers) as peer:
        with pytest.raises(AuthenticationError, match="asks for an account"):
            await client(peer, user="ann", password="pw").open()
        site = client(peer, user="ann", password="pw")
        site.account = "money"
        async with site:
            assert b"ACCT money" in peer.commands
        assert "money" not in site.trace.text


async def test_user_alone_is_enough_where_the_server_says_so() -> None:
    with FTPPeer({"USER": b"230 in\r\n"}) as peer:
        async with client(peer):
            assert "PASS" not in peer.verbs


async def test_virtual_host_comes_before_the_user() -> None:
    with FTPPeer({"HOST": b"220 yes\r\n"}) as peer:
        site = client(peer)
        site.virtual_host = "files.example.org"
        async with site:
            assert peer.commands[:2] == [b"HOST files.example.org", b"USER anonymous"]


@pytest.mark.parametrize(("answer", "hint"), [
    (b"530 Login incorrect.\r\n", "check user and password"),
    (b"550 SSL/TLS required on the control channel\r\n", "wants TLS"),
    (b"430 later\r\n", "check user"),
])
async def test_log_in_refused(answer: bytes, hint: str) -> None:
    with FTPPeer({"PASS": answer}) as peer:
        with pytest.raises(AuthenticationError) as caught:
            await client(peer, user="ann", password="pw").open()
        assert hint in caught.value.hint
        assert "pw" not in str(caught.value)
        assert caught.value.temporary == answer.startswith(b"4")
        assert caught.value.exit_code == 4


REFUSALS = [
    (b"550 No such file or directory.", NotFound, ""),
    (b"550 File not found", NotFound, ""),
    (b"550 whatever", NotFound, "either it is not there, or you may not see it"),
    (b"550 Permission denied.", Forbidden, "your account may not do that there"),
    (b"550 Operation not allowed", Forbidden, "may not do that"),
    (b"550 File exists", AlreadyExists, ""),
    (b"550 Directory already there", AlreadyExists, ""),
    (b"521 taken: /x already exists", AlreadyExists, ""),
    (b"553 Could not create file.", Forbidden, "may not do that"),
    (b"550 Disk quota exceeded", NoSpace, "quota is full"),
    (b"552 Exceeded storage allocation", NoSpace, "quota is full"),
    (b"452 No space", NoSpace, "quota is full"),
    (b"530 Please login", AuthenticationError, "log in first"),
    (b"532 Need account", AuthenticationError, "log in first"),
    (b"522 use TLS", Forbidden, "insists on TLS"),
    (b"425 Can't open data connection", TryLater, "firewall"),
    (b"450 busy", TryLater, ""),
    (b"451 local error", TryLater, ""),
    (b"434 no such host", TryLater, ""),
    (b"500 what?", NotSupported, "does not do that"),
    (b"501 syntax", NotSupported, "does not do that"),
    (b"502 not implemented", NotSupported, "does not do that"),
    (b"504 not for that parameter", NotSupported, "does not do that"),
    (b"599 own code", ReplyError, ""),
    (b"421 closing", ConnectionLost, "try again"),
]


@pytest.mark.parametrize(("answer", "error", "hint"), REFUSALS)
async def test_refusal(answer: bytes, error: type[PostelError], hint: str) -> None:
    with FTPPeer({"DELE": answer + b"\r\n"}) as peer:
        async with client(peer) as site:
            with pytest.raises(error) as caught:
                await site.dele("x")
            assert type(caught.value) is error
            assert str(caught.value).startswith("DELE x: the server ")
            assert answer.decode() in str(caught.value)
            assert hint in caught.value.hint
            assert caught.value.command == "DELE x"
            assert caught.value.code == int(answer[:3])
            if isinstance(caught.value, ReplyError):
                assert caught.value.temporary == answer.startswith(b"4")
                await site.noop()  # the connection lives


async def test_words_of_the_server_are_escaped() -> None:
    with FTPPeer({"DELE": b"550 \x1b[2Jgone\x07\r\n"}) as peer:
        async with client(peer) as site:
            with pytest.raises(NotFound) as caught:
                await site.dele("x")
    assert "\x1b" not in str(caught.value)
    assert "\\x1b[2Jgone\\x07" in str(caught.value)


async def test_421_in_the_middle_ends_the_connection() -> None:
    with FTPPeer({"PWD": b"421 timeout\r\n"}) as peer:
        site = client(peer)
        await site.open()
        with pytest.raises(ConnectionLost, match="leaving"):
            await site.pwd()
        assert not site.is_open
        with pytest.raises(UsageError, match="not connected"):
            await site.pwd()


async def test_421_that_nobody_asked_for() -> None:
    with FTPPeer({"NOOP": b"200 ok\r\n421 idle too long\r\n"}) as peer:
        async with client(peer) as site:
            await site.noop()
            with pytest.raises(ConnectionLost, match="leaving"):
                await site.pwd()


async def test_out_of_turn_is_a_broken_rule() -> None:
    with FTPPeer({"NOOP": b"200 ok\r\n200 again\r\n", "PWD": None}) as peer:
        site = client(peer)
        await site.open()
        await site.noop()
        site.timeout = 0.2
        with pytest.raises((ProtocolError, TimedOut)):
            await site.pwd()
            await site.pwd()
        assert not site.is_open


async def test_a_silent_server_is_given_up_in_time() -> None:
    with FTPPeer({"PWD": None}) as peer:
        site = client(peer)
        await site.open()
        with pytest.raises(TimedOut, match="no answer in time"):
            await site.pwd(timeout=0.1)
        assert not site.is_open


async def test_a_site_command_and_any_command() -> None:
    with FTPPeer({"SITE": b"200 yes\r\n", "XYZZY": b"599 no\r\n"}) as peer:
        async with client(peer) as site:
            assert (await site.site("HELP")).code == 200
            assert (await site.quote("XYZZY 1 2")).code == 599
            assert peer.commands[-1] == b"XYZZY 1 2"


async def test_quote_makes_the_type_unknown() -> None:
    with FTPPeer(files={"a": b"1"}) as peer:
        async with client(peer) as site:
            await site.quote("TYPE A")
            assert await site.size("a") == 1
            assert peer.commands[-2:] == [b"TYPE I", b"SIZE a"]


# -- encodings -----------------------------------------------------------------------------


async def test_names_that_are_no_utf8_round_trip() -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    with FTPPeer(files={name: b"x"}) as peer:
        async with client(peer) as site:
            (entry,) = [e async for e in site.list()]
            assert entry.name == name
            async with site.retr(entry.name) as body:
                assert [bytes(c) async for c in body] == [b"x"]
    assert b"RETR caf\xe9" in peer.commands


async def test_latin1_on_request() -> None:
    with FTPPeer() as peer:
        site = client(peer)
        site.encoding = "latin-1"
        async with site:
            await site.cwd("caf\xe9")
            assert b"CWD caf\xe9" in peer.commands
            with pytest.raises(UsageError, match="cannot be written in latin-1"):
                await site.cwd("\u20ac")


async def test_byte_255_is_doubled_both_ways() -> None:
    name = b"\xffx".decode("utf-8", "surrogateescape")
    with FTPPeer({"PWD": b'257 "/\xff\xffx"\r\n'}) as peer:
        async with client(peer) as site:
            await site.cwd(name)
            assert b"CWD \xff\xffx" in peer.commands
            assert await site.pwd() == "/" + name


async def test_telnet_negotiation_is_passed_over() -> None:
    with FTPPeer(greeting=b"\xff\xfb\x01220 \xff\xf1ready\r\n") as peer:
        async with client(peer) as site:
            assert site.greeting == "ready"
