"""SASL: the examples of the RFCs, client against server, and servers that lie."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Generator

import pytest

from postel.errors import AuthenticationError, NotSupported, ProtocolError, UsageError
from postel.secrets import Secret
from postel.wire import sasl
from postel.wire.sasl import Login
from postel.wire.sasl_scram import MAX_ITERATIONS, saslprep, scram, scram_server

NONCE = b"fyko+d2lbbFgONRv9qkxdawL"
BINDING = ("tls-server-end-point", b"\x01\x02fingerprint\xff")
PASSWORD_MECHANISMS = [m for m in sasl.MECHANISMS if m not in ("EXTERNAL", "ANONYMOUS")]

# RFC 5802 section 5 and RFC 7677 section 3: hash, user's nonce, server's nonce, salt, and all
# four messages.
VECTORS = {
    "sha1": (
        b"fyko+d2lbbFgONRv9qkxdawL",
        b"3rfcNHYJY1ZVvWVs7j",
        base64.b64decode(b"QSXCR+Q6sek8bf92"),
        b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ),
    "sha256": (
        b"rOprNGfwEbeRWgbNEkqO",
        b"%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        base64.b64decode(b"W22ZaJ0SNY7soEsUEjb6gQ=="),
        b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
}


def converse(
    mechanism: str,
    login: Login,
    known: dict[str, Secret],
    *,
    by_initial: bool = True,
    client_binding: tuple[str, bytes] | None = None,
    server_binding: tuple[str, bytes] | None = None,
    certified: str = "",
) -> str:
    """Let our client log in to our server; return who the server thinks it is."""
    client = sasl.start(mechanism, login, nonce=NONCE, binding=client_binding)
    server = sasl.serve(
        mechanism,
        known.get,
        nonce=b"3rfcNHYJY1ZVvWVs7j",
        salt=b"pepper",
        binding=server_binding,
        certified=certified,
    )
    answer = next(client)
    challenge = next(server)
    if answer is None:
        answer = sasl.respond(client, challenge)
    elif not by_initial:
        assert challenge == b""
    while True:
        line = sasl.encode(answer, initial=True)
        outcome = sasl.examine(server, sasl.decode(line))
        if isinstance(outcome, str):
            sasl.finish(client)
            return outcome
        answer = sasl.respond(client, sasl.decode(sasl.encode(outcome)))


def secrets_for(mechanism: str, secret: str) -> Login:
    if mechanism in ("OAUTHBEARER", "XOAUTH2"):
        return Login("alice", None, Secret(secret), host="imap.example.org", port=993)
    return Login("alice", Secret(secret))


def bound(mechanism: str) -> tuple[str, bytes] | None:
    return BINDING if mechanism.endswith("-PLUS") else None


# Lines


@pytest.mark.parametrize(
    ("data", "line"), [(b"", b""), (b"a", b"YQ=="), (b"\xff\xfe", b"//4="), (b"abc", b"YWJj")]
)
def test_lines_are_base64(data: bytes, line: bytes) -> None:
    assert sasl.encode(data) == line
    assert sasl.decode(line) == data


def test_an_empty_initial_response_is_an_equals_sign() -> None:
    assert sasl.encode(b"", initial=True) == b"="
    assert sasl.decode(b"=") == b""


@pytest.mark.parametrize(
    "line",
    [b"YQ", b"YQ=", b"Y Q==", b"YQ==\r", b"*", b"YQ==YQ==", b"====", b"\xff", b"-_-_"],
)
def test_bad_base64_is_a_protocol_error(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        sasl.decode(line)


def test_lines_have_a_longest_length() -> None:
    longest = b"A" * sasl.MAX_LINE
    assert len(sasl.decode(longest)) == sasl.MAX_LINE // 4 * 3
    with pytest.raises(ProtocolError, match="12292"):
        sasl.decode(longest + b"AAAA")
    with pytest.raises(UsageError):
        sasl.encode(b"x" * sasl.MAX_LINE)


# Examples of the RFCs


@pytest.mark.parametrize("hash_name", VECTORS)
def test_scram_client_says_what_the_rfc_says(hash_name: str) -> None:
    nonce, _, _, first, challenge, final, verdict = VECTORS[hash_name]
    client = scram(hash_name, "user", Secret("pencil"), nonce=nonce)
    assert next(client) == first
    assert sasl.respond(client, challenge) == final
    assert sasl.respond(client, verdict) == b""
    sasl.finish(client)


@pytest.mark.parametrize("hash_name", VECTORS)
def test_scram_server_says_what_the_rfc_says(hash_name: str) -> None:
    _, nonce, salt, first, challenge, final, verdict = VECTORS[hash_name]
    known = {"user": Secret("pencil")}
    server = scram_server(hash_name, known.get, nonce=nonce, salt=salt)
    assert next(server) == b""
    assert sasl.examine(server, first) == challenge
    assert sasl.examine(server, final) == verdict
    assert sasl.examine(server, b"") == "user"


def test_cram_md5_is_that_of_rfc_2195() -> None:
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    response = b"tim b913a602c7eda7a495b4e6e7334d3890"
    known = {"tim": Secret("tanstaaftanstaaf")}
    client = sasl.cram_md5("tim", known["tim"])
    assert next(client) is None
    assert sasl.respond(client, challenge) == response
    sasl.finish(client)
    server = sasl.serve(
        "cram-md5",
        known.get,
        nonce=b"1896.697170952",
        salt=b"",
        host="postoffice.reston.mci.net",
    )
    assert next(server) == challenge
    assert sasl.examine(server, response) == "tim"


@pytest.mark.parametrize(
    ("authzid", "user", "password", "message"),
    [
        ("", "tim", "tanstaaftanstaaf", b"\0tim\0tanstaaftanstaaf"),
        ("Ursel", "Kurt", "xipj3plmq", b"Ursel\0Kurt\0xipj3plmq"),
    ],
)
def test_plain_is_that_of_rfc_4616(authzid: str, user: str, password: str, message: bytes) -> None:
    client = sasl.plain(user, Secret(password), authzid)
    assert next(client) == message
    sasl.finish(client)


def test_oauthbearer_is_that_of_rfc_7628() -> None:
    token = Secret("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")
    client = sasl.oauthbearer("user@example.com", token, "server.example.com", 143)
    assert sasl.encode(next(client) or b"") == (
        b"bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9"
        b"QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
    )
    sasl.finish(client)


def test_a_refused_token_is_answered_and_explained() -> None:
    client = sasl.oauthbearer("user@example.com", Secret("t0ken"), "server.example.com", 143)
    next(client)
    challenge = sasl.decode(
        b"eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIiwib3BlbmlkLWNv"
        b"bmZpZ3VyYXRpb24iOiJodHRwczovL2V4YW1wbGUuY29tLy53ZWxsLWtub3duL29wZW5pZC1jb25maWd1"
        b"cmF0aW9uIn0="
    )
    assert sasl.encode(sasl.respond(client, challenge)) == b"AQ=="
    with pytest.raises(AuthenticationError, match="invalid_token") as caught:
        sasl.refuse(client, AuthenticationError("AUTH: -ERR failed", code=535))
    assert caught.value.text == "invalid_token"
    assert "example_scope" in caught.value.hint
    assert caught.value.code == 535


def test_xoauth2_has_googles_form() -> None:
    client = sasl.xoauth2("someuser@example.com", Secret("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGE"))
    assert next(client) == (
        b"user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGE\x01\x01"
    )
    assert sasl.respond(client, b'{"status":"401","schemes":"bearer mac"}') == b""
    with pytest.raises(AuthenticationError, match="401"):
        sasl.refuse(client, AuthenticationError("no"))


@pytest.mark.parametrize(
    "challenge", [b"", b"nonsense", b"[" * 9000, b"\xff", b'{"status": 4}', b"3"]
)
def test_a_refused_token_without_good_reasons_is_still_refused(challenge: bytes) -> None:
    client = sasl.oauthbearer("alice", Secret("t0ken"))
    next(client)
    assert sasl.respond(client, challenge) == b"\x01"
    with pytest.raises(AuthenticationError, match="no reason given"):
        sasl.finish(client)


# Our client and our server


@pytest.mark.parametrize("by_initial", [True, False])
@pytest.mark.parametrize("mechanism", PASSWORD_MECHANISMS)
def test_client_logs_in_to_server(mechanism: str, by_initial: bool) -> None:
    who = converse(
        mechanism,
        secrets_for(mechanism, "secret"),
        {"alice": Secret("secret")},
        by_initial=by_initial,
        client_binding=bound(mechanism),
        server_binding=bound(mechanism),
    )
    assert who == "alice"


@pytest.mark.parametrize("known", [{"alice": Secret("another")}, {"bob": Secret("secret")}, {}])
@pytest.mark.parametrize("mechanism", PASSWORD_MECHANISMS)
def test_wrong_password_or_user_is_refused(mechanism: str, known: dict[str, Secret]) -> None:
    with pytest.raises(AuthenticationError) as caught:
        converse(
            mechanism,
            secrets_for(mechanism, "secret"),
            known,
            client_binding=bound(mechanism),
            server_binding=bound(mechanism),
        )
    assert "secret" not in str(caught.value).replace("wrong secret", "")


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("j\u00f6rg", "gr\u00fc\u00dfe"),
        ("a,b=c", "p,w=\u20ac"),
        ("=2C", "=3D=2C"),
        ("\u7530\u4e2d", "\u79d8\u5bc6 word"),
        ("\u05d0\u05d1", "\U0001f600"),
    ],
)
@pytest.mark.parametrize("mechanism", [m for m in PASSWORD_MECHANISMS if "OAUTH" not in m])
def test_names_and_passwords_of_all_scripts(mechanism: str, user: str, password: str) -> None:
    binding = bound(mechanism)
    who = converse(
        mechanism,
        Login(user, Secret(password)),
        {user: Secret(password)},
        client_binding=binding,
        server_binding=binding,
    )
    assert who == user


@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "XOAUTH2"])
def test_names_with_commas_log_in_by_token(mechanism: str) -> None:
    login = Login("a,b=c\u00f6", None, Secret("t0k"))
    assert converse(mechanism, login, {login.user: Secret("t0k")}) == login.user


def test_two_spellings_of_one_password_are_one_in_scram() -> None:
    login = Login("alice", Secret("I\u00adX\u2168"))
    assert converse("SCRAM-SHA-256", login, {"alice": Secret("IXIX")}) == "alice"


def test_external_and_anonymous() -> None:
    nobody = Login("", None)
    assert converse("EXTERNAL", nobody, {}, certified="alice") == "alice"
    assert converse("ANONYMOUS", nobody, {}) == "anonymous"
    with pytest.raises(AuthenticationError):
        converse("EXTERNAL", nobody, {})
    with pytest.raises(AuthenticationError):
        converse("EXTERNAL", Login("", None, authzid="bob"), {}, certified="alice")


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_acting_as_another_user_is_refused(mechanism: str) -> None:
    known = {"alice": Secret("secret")}
    assert converse(mechanism, Login("alice", known["alice"], authzid="alice"), known) == "alice"
    with pytest.raises(AuthenticationError, match="another user"):
        converse(mechanism, Login("alice", known["alice"], authzid="bob"), known)


# Channel bindings


def test_another_connections_binding_is_refused() -> None:
    known = {"alice": Secret("secret")}
    for theirs in (("tls-server-end-point", b"other"), ("tls-unique", BINDING[1])):
        with pytest.raises(AuthenticationError, match="channel binding"):
            converse(
                "SCRAM-SHA-256-PLUS",
                Login("alice", known["alice"]),
                known,
                client_binding=BINDING,
                server_binding=theirs,
            )


def test_a_list_of_mechanisms_that_was_cut_is_noticed() -> None:
    known = {"alice": Secret("secret")}
    login = Login("alice", known["alice"])
    assert converse("SCRAM-SHA-256", login, known, client_binding=BINDING) == "alice"
    with pytest.raises(AuthenticationError, match="channel binding"):
        converse("SCRAM-SHA-256", login, known, client_binding=BINDING, server_binding=BINDING)


def test_plus_without_a_binding_is_not_begun() -> None:
    with pytest.raises(UsageError, match="no channel binding"):
        sasl.start("SCRAM-SHA-1-PLUS", Login("alice", Secret("secret")), nonce=NONCE)
    with pytest.raises(NotSupported):
        sasl.serve("SCRAM-SHA-1-PLUS", {}.get, nonce=NONCE, salt=b"s")


# Servers that lie


def rfc_client() -> Generator[bytes | None, bytes | None, None]:
    client = scram("sha256", "user", Secret("pencil"), nonce=VECTORS["sha256"][0])
    next(client)
    return client


def test_a_forged_signature_is_refused() -> None:
    client = rfc_client()
    sasl.respond(client, VECTORS["sha256"][4])
    forged = base64.b64encode(bytes(32))
    with pytest.raises(AuthenticationError, match="did not prove"):
        sasl.respond(client, b"v=" + forged)


@pytest.mark.parametrize("challenges", [[], [VECTORS["sha256"][4]]])
def test_a_success_without_a_signature_is_refused(challenges: list[bytes]) -> None:
    client = rfc_client()
    for challenge in challenges:
        sasl.respond(client, challenge)
    with pytest.raises(AuthenticationError, match="without proving"):
        sasl.finish(client)


@pytest.mark.parametrize(
    "challenge", [b"r=%b,s=c2FsdA==,i=4096" % n for n in (NONCE, b"rOpr", b"", b"xrOprNGfwEbeRWg")]
)
def test_a_nonce_that_does_not_extend_ours_is_refused(challenge: bytes) -> None:
    with pytest.raises(AuthenticationError, match="nonce"):
        sasl.respond(rfc_client(), challenge)
    exact = b"r=rOprNGfwEbeRWgbNEkqO,s=c2FsdA==,i=4096"
    with pytest.raises(AuthenticationError, match="nonce"):
        sasl.respond(rfc_client(), exact)


@pytest.mark.parametrize(
    "count",
    [
        b"1",
        b"4095",
        b"%d" % (MAX_ITERATIONS + 1),
        b"0",
        b"-4096",
        b"4e9",
        b"",
        b"04096",
        b"9" * 9000,
    ],
)
def test_too_few_and_too_many_iterations_are_refused(count: bytes) -> None:
    with pytest.raises(ProtocolError, match="iteration"):
        sasl.respond(rfc_client(), b"r=rOprNGfwEbeRWgbNEkqOx,s=c2FsdA==,i=" + count)


@pytest.mark.parametrize("length", range(len(VECTORS["sha256"][4]) - 3))
def test_a_truncated_challenge_is_refused(length: int) -> None:
    with pytest.raises((ProtocolError, AuthenticationError)):
        sasl.respond(rfc_client(), VECTORS["sha256"][4][:length])


@pytest.mark.parametrize(
    "challenge",
    [
        b"m=new,r=rOprNGfwEbeRWgbNEkqOx,s=c2FsdA==,i=4096",
        b"s=c2FsdA==,r=rOprNGfwEbeRWgbNEkqOx,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=*,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqO\x00,s=c2FsdA==,i=4096",
    ],
)
def test_malformed_scram_challenges_are_protocol_errors(challenge: bytes) -> None:
    with pytest.raises(ProtocolError):
        sasl.respond(rfc_client(), challenge)


@pytest.mark.parametrize("verdict", [b"", b"v=", b"v=*", b"x=1", b"6rriTRBi23WpRR"])
def test_malformed_verdicts_are_protocol_errors(verdict: bytes) -> None:
    client = rfc_client()
    sasl.respond(client, VECTORS["sha256"][4])
    with pytest.raises(ProtocolError):
        sasl.respond(client, verdict)


def test_the_servers_reason_is_told_and_escaped() -> None:
    client = rfc_client()
    sasl.respond(client, VECTORS["sha256"][4])
    with pytest.raises(AuthenticationError) as caught:
        sasl.respond(client, b"e=invalid-proof\x1b[2J")
    assert "invalid-proof" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_unknown_fields_after_the_known_are_ignored() -> None:
    known = b"r=rOprNGfwEbeRWgbNEkqOx,s=c2FsdA==,i=4096"
    answer = sasl.respond(rfc_client(), known + b",x=later")
    assert answer.startswith(b"c=biws,r=rOprNGfwEbeRWgbNEkqOx,p=")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "EXTERNAL", "ANONYMOUS"])
def test_a_server_that_asks_on_is_refused(mechanism: str) -> None:
    client = sasl.start(mechanism, Login("alice", Secret("secret")), nonce=NONCE)
    server_first = {"LOGIN": 2, "CRAM-MD5": 1}
    next(client)
    for _ in range(server_first.get(mechanism, 0)):
        sasl.respond(client, b"<1@example.org>")
    with pytest.raises(ProtocolError, match="asks on"):
        sasl.respond(client, b"more?")
    with pytest.raises(ProtocolError, match="asks on"):
        sasl.respond(client, b"more?")


@pytest.mark.parametrize("mechanism", ["LOGIN", "CRAM-MD5"])
def test_a_success_before_the_end_is_refused(mechanism: str) -> None:
    client = sasl.start(mechanism, Login("alice", Secret("secret")), nonce=NONCE)
    next(client)
    with pytest.raises(ProtocolError):
        sasl.finish(client)


def test_an_empty_cram_challenge_is_refused() -> None:
    client = sasl.cram_md5("alice", Secret("secret"))
    next(client)
    with pytest.raises(ProtocolError, match="empty"):
        sasl.respond(client, b"")


def test_a_refusal_is_the_servers_own_where_nothing_better_is_known() -> None:
    for mechanism in PASSWORD_MECHANISMS:
        login = secrets_for(mechanism, "secret")
        client = sasl.start(mechanism, login, nonce=NONCE, binding=bound(mechanism))
        next(client)
        error = AuthenticationError("AUTH: -ERR bad password")
        with pytest.raises(AuthenticationError) as caught:
            sasl.refuse(client, error)
        assert caught.value is error


# Clients that lie


@pytest.mark.parametrize(
    ("mechanism", "responses"),
    [
        ("PLAIN", [b""]),
        ("PLAIN", [b"alice\0secret"]),
        ("PLAIN", [b"\0alice\0sec\0ret"]),
        ("PLAIN", [b"\0\xff\0secret"]),
        ("LOGIN", [b"\xff"]),
        ("CRAM-MD5", [b"alice"]),
        ("OAUTHBEARER", [b"alice"]),
        ("OAUTHBEARER", [b"n,a=alice,\x01host=x\x01\x01"]),
        ("XOAUTH2", [b"user=alice\x01auth=Bearer secret"]),
        ("EXTERNAL", [b"\xff"]),
        ("SCRAM-SHA-256", [b""]),
        ("SCRAM-SHA-256", [b"n,,n=al=ice,r=abc"]),
        ("SCRAM-SHA-256", [b"n,,n=\xff,r=abc"]),
        ("SCRAM-SHA-256", [b"n,x,n=alice,r=abc"]),
        ("SCRAM-SHA-256", [b"n,,n=alice,r="]),
        ("SCRAM-SHA-256", [b"n,,m=x,n=alice,r=abc"]),
        ("SCRAM-SHA-256", [b"n,,n=alice,r=abc", b"c=biws,r=abcxyz"]),
        ("SCRAM-SHA-256", [b"n,,n=alice,r=abc", b"r=abcxyz,p=AAAA"]),
        ("SCRAM-SHA-256", [b"n,,n=alice,r=abc", b"c=biws,r=abcxyz,p=*"]),
    ],
)
def test_malformed_responses_are_protocol_errors(mechanism: str, responses: list[bytes]) -> None:
    known = {"alice": Secret("secret")}
    server = sasl.serve(mechanism, known.get, nonce=b"xyz", salt=b"salt")
    next(server)
    for response in responses[:-1]:
        assert isinstance(sasl.examine(server, response), bytes)
    with pytest.raises(ProtocolError):
        sasl.examine(server, responses[-1])


@pytest.mark.parametrize(
    "final",
    [b"c=biws,r=abcother,p=AAAA", b"c=eSws,r=abcxyz,p=AAAA", b"c=biws,r=abcxyz,p=AAAA"],
)
def test_a_scram_client_that_proves_nothing_is_refused(final: bytes) -> None:
    server = sasl.serve("SCRAM-SHA-1", {"alice": Secret("s")}.get, nonce=b"xyz", salt=b"salt")
    next(server)
    sasl.examine(server, b"n,,n=alice,r=abc")
    with pytest.raises(AuthenticationError):
        sasl.examine(server, final)


# What is chosen

ALL = [name.lower() for name in reversed(sasl.MECHANISMS)] + ["GSSAPI", "NTLM"]
BY_PASSWORD = Login("alice", Secret(""))
BY_TOKEN = Login("alice", Secret("secret"), Secret("t0ken"))


@pytest.mark.parametrize(
    ("offered", "login", "binding", "expected"),
    [
        (ALL, BY_PASSWORD, BINDING, "SCRAM-SHA-256-PLUS"),
        (ALL, BY_PASSWORD, None, "SCRAM-SHA-256"),
        (["SCRAM-SHA-256", "SCRAM-SHA-1-PLUS"], BY_PASSWORD, BINDING, "SCRAM-SHA-1-PLUS"),
        (["LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-1"], BY_PASSWORD, None, "SCRAM-SHA-1"),
        (["LOGIN", "PLAIN", "CRAM-MD5"], BY_PASSWORD, None, "CRAM-MD5"),
        (["LOGIN", "PLAIN"], BY_PASSWORD, None, "PLAIN"),
        (["LOGIN", "EXTERNAL"], BY_PASSWORD, None, "LOGIN"),
        (ALL, BY_TOKEN, BINDING, "OAUTHBEARER"),
        (["XOAUTH2", "PLAIN"], BY_TOKEN, None, "XOAUTH2"),
        (["PLAIN"], BY_TOKEN, None, "PLAIN"),
        (ALL, Login("alice", None), None, "EXTERNAL"),
    ],
)
def test_the_strongest_that_fits_is_chosen(
    offered: list[str], login: Login, binding: tuple[str, bytes] | None, expected: str
) -> None:
    assert sasl.choose(offered, login, secure=True, binding=binding) == expected


@pytest.mark.parametrize("wanted", ["plain", "EXTERNAL", "Anonymous", "CRAM-MD5", "XOAUTH2"])
def test_what_is_wanted_is_taken(wanted: str) -> None:
    assert sasl.choose(ALL, BY_TOKEN, secure=True, wanted=wanted) == wanted.upper()


@pytest.mark.parametrize("name", ["PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"])
@pytest.mark.parametrize("asked", [True, False])
def test_a_secret_is_not_shown_to_the_network(name: str, asked: bool) -> None:
    wanted = name if asked else None
    with pytest.raises(AuthenticationError, match="in the clear") as caught:
        sasl.choose([name], BY_TOKEN, secure=False, wanted=wanted)
    assert 'security="plain"' in caught.value.hint
    assert sasl.choose([name], BY_TOKEN, secure=True, wanted=wanted) == name


def test_a_digest_may_go_in_the_clear() -> None:
    offered = ["PLAIN", "CRAM-MD5", "XOAUTH2"]
    assert sasl.choose(offered, BY_TOKEN, secure=False) == "CRAM-MD5"


@pytest.mark.parametrize(
    ("offered", "login", "wanted"),
    [
        (["GSSAPI", "NTLM"], BY_PASSWORD, None),
        (["GSSAPI", "NTLM"], BY_PASSWORD, "GSSAPI"),
        (["GSSAPI", "NTLM"], BY_PASSWORD, "PLAIN"),
        (["GSSAPI", "NTLM", "PLAIN"], Login("alice", None), None),
        (["GSSAPI", "NTLM", "SCRAM-SHA-256-PLUS"], BY_PASSWORD, "SCRAM-SHA-256-PLUS"),
    ],
)
def test_nothing_that_fits_names_what_was_offered(
    offered: list[str], login: Login, wanted: str | None
) -> None:
    with pytest.raises(NotSupported, match="GSSAPI NTLM"):
        sasl.choose(offered, login, secure=True, wanted=wanted)


def test_nothing_offered_and_strange_names() -> None:
    with pytest.raises(NotSupported, match="offers nothing"):
        sasl.choose([], BY_PASSWORD, secure=True)
    with pytest.raises(NotSupported) as caught:
        sasl.choose(["\x1b[2J"], BY_PASSWORD, secure=True)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("mechanism", "login", "error"),
    [
        ("PLAIN", Login("alice", None), UsageError),
        ("XOAUTH2", BY_PASSWORD, UsageError),
        ("SCRAM-SHA-1", Login("alice", None), UsageError),
        ("GSSAPI", BY_PASSWORD, NotSupported),
        ("SCRAM-SHA-512", BY_PASSWORD, NotSupported),
    ],
)
def test_what_cannot_be_started(mechanism: str, login: Login, error: type[Exception]) -> None:
    with pytest.raises(error):
        sasl.start(mechanism, login, nonce=NONCE)


# Secrets and names


@pytest.mark.parametrize("mechanism", PASSWORD_MECHANISMS)
@pytest.mark.parametrize("secret", ["hunter2\0", "hunter2\ud800", "hunter2\x01"])
def test_a_secret_that_cannot_be_sent_is_not_shown(mechanism: str, secret: str) -> None:
    login = secrets_for(mechanism, secret)
    client = sasl.start(mechanism, login, nonce=NONCE, binding=bound(mechanism))
    with pytest.raises(UsageError) as caught:
        if next(client) is None:
            while True:
                sasl.respond(client, b"<1@example.org>")
    report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    # The first frame is this test's own, which holds the secret by right.
    del report.stack[0]
    assert "hunter2" not in "".join(report.format()) + repr(login)


@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "XOAUTH2"])
def test_a_server_that_repeats_the_token_does_not_show_it(mechanism: str) -> None:
    client = sasl.start(mechanism, secrets_for(mechanism, "hunter2"), nonce=NONCE)
    next(client)
    sasl.respond(client, b'{"status": "no hunter2", "scope": "hunter2"}')
    with pytest.raises(AuthenticationError) as caught:
        sasl.refuse(client, AuthenticationError("no"))
    assert "hunter2" not in str(caught.value) + caught.value.hint + caught.value.text


@pytest.mark.parametrize("nonce", [b"", b"a,b", b"a b", b"\x80", b"a\n"])
def test_a_nonce_that_cannot_be_sent_is_refused(nonce: bytes) -> None:
    with pytest.raises(UsageError, match="nonce"):
        next(scram("sha1", "alice", Secret("secret"), nonce=nonce))


@pytest.mark.parametrize(
    ("text", "prepared"),
    [  # RFC 4013 section 3
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("", ""),
    ],
)
def test_saslprep_examples(text: str, prepared: str) -> None:
    assert saslprep(text) == prepared


@pytest.mark.parametrize(
    "text", ["\u0007", "\u06271", "\x7f", "\ue000", "\ud800", "a\u0627", "\ufffe"]
)
def test_saslprep_refuses_what_is_prohibited(text: str) -> None:
    with pytest.raises(UsageError):
        saslprep(text)
