"""The command line of ssh(1): what is asked for is in it, and nothing can be anything else."""

from __future__ import annotations

import pytest

from postel.errors import UsageError
from postel.secrets import Secret
from postel.ssh.command import GCM, Goal, arguments, checked_host, checked_user, quoted
from postel.ssh.types import SSHOptions


def words(goal: Goal | None = None, **options: object) -> list[str]:
    return arguments("ssh", goal or Goal("files.example.org"), SSHOptions(**options))  # type: ignore[arg-type]


def test_the_host_key_is_checked_unless_the_caller_says_otherwise() -> None:
    assert "StrictHostKeyChecking=yes" in words()
    assert "StrictHostKeyChecking=accept-new" in words(tofu=True)
    assert not [word for word in words(tofu=True) if "Checking=no" in word]


def test_nothing_is_forwarded_run_or_asked_for_by_the_configuration() -> None:
    found = words()
    for setting in ("RequestTTY=no", "RemoteCommand=none", "PermitLocalCommand=no", "Tunnel=no",
                    "ClearAllForwardings=yes", "ForwardAgent=no", "ForwardX11=no",
                    "ControlMaster=no", "EscapeChar=none"):
        assert setting in found


def test_a_subsystem_is_asked_for_by_name_and_a_command_as_it_is() -> None:
    assert words()[-4:] == ["-s", "--", "files.example.org", "sftp"]
    found = words(Goal("h", subsystem=None, command="cat '/a b'"))
    assert found[-3:] == ["--", "h", "cat '/a b'"]
    assert "-s" not in found


def test_each_option_has_its_setting() -> None:
    found = words(
        Goal("h", port=2222, user="ann", family=6, source="192.0.2.7", timeout=1.2),
        config="/c", identities=("/k 1", "/k2"), known_hosts="/kh", jump="bob@gate:22,[::1]:23",
        agent=False, compression=True, ciphers="aes128-ctr", options=("KexAlgorithms=+x",),
        host_key_alias="alias")
    assert found[1:3] == ["-F", "/c"]
    assert found[found.index("-l"):][:2] == ["-l", "ann"]
    assert found[found.index("-p"):][:2] == ["-p", "2222"]
    for setting in ('IdentityFile="/k 1"', 'IdentityFile="/k2"', "IdentitiesOnly=yes",
                    'UserKnownHostsFile="/kh"', "ProxyJump=bob@gate:22,[::1]:23",
                    "IdentityAgent=none", "Compression=yes", "Ciphers=aes128-ctr",
                    "KexAlgorithms=+x", "HostKeyAlias=alias", "AddressFamily=inet6",
                    "BindAddress=192.0.2.7", "ConnectTimeout=2"):
        assert setting in found, setting


def test_ciphers_with_hardware_go_first_where_asked() -> None:
    assert f"Ciphers={GCM}" in words(Goal("h", fast=True))
    assert f"Ciphers={GCM}" not in words(Goal("h", fast=True), ciphers="aes256-ctr")


def test_a_name_of_our_own_is_reached_by_its_address_and_known_by_its_name() -> None:
    found = words(Goal("sftp.lab.test", port=4022, address="127.0.0.1"))
    assert found[-2] == "127.0.0.1"
    assert "HostKeyAlias=sftp.lab.test" in found
    assert found[1:3] == ["-F", "none"]


def test_a_pin_knows_no_other_record() -> None:
    found = words(Goal("h", pin="/tmp/x/pin"), fingerprint="SHA256:" + "a" * 43)
    assert "UserKnownHostsFile=/dev/null" in found
    assert 'KnownHostsCommand=/bin/sh "/tmp/x/pin" %f %H %t %K' in found


def test_prompts_only_where_there_are_answers() -> None:
    assert "BatchMode=yes" in words()
    assert "BatchMode=no" in words(Goal("h", prompts=True))
    first = [w for w in words(Goal("h", password_first=True)) if w.startswith("Preferred")]
    assert first[0].index("password") < first[0].index("publickey")


@pytest.mark.parametrize("host", [
    "-oProxyCommand=touch /tmp/x", "", "a b", "a\nb", "a\0b", "a;b", "$(id)", "`id`", "a/b",
    "ssh://x", "user@host", "a'b", 'a"b', "a|b", "\u0430.example", "x" * 300])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(UsageError):
        checked_host(host)


@pytest.mark.parametrize("user", [
    "-l", "", "a b", "a\nb", "a\0b", "a;b", "$(id)", "`id`", "a'b", 'a"b', "a|b", "a\\", "a&b",
    "a<b", "a(b", "a{b"])
def test_what_is_no_user_is_refused(user: str) -> None:
    with pytest.raises(UsageError):
        checked_user(user)


@pytest.mark.parametrize("user", ["ann", "DOM+ann", "ann@corp.example", "\u00e5sa", "a.b-c_d"])
def test_users_that_are_odd_and_harmless_pass(user: str) -> None:
    assert checked_user(user) == user


@pytest.mark.parametrize(("keywords", "word"), [
    ({"jump": "-oProxyCommand=x"}, "jump"), ({"jump": "a b"}, "jump"), ({"jump": "$(id)"}, "jump"),
])
def test_a_jump_host_is_nothing_else(keywords: dict[str, str], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        words(**keywords)


@pytest.mark.parametrize("subsystem", ["-s", "a b", "a;b", "x" * 100])
def test_a_subsystem_is_a_word(subsystem: str) -> None:
    with pytest.raises(UsageError):
        words(Goal("h", subsystem=subsystem))


@pytest.mark.parametrize("command", ["", "a\0b", None])
def test_a_link_needs_something_to_run(command: str | None) -> None:
    with pytest.raises(UsageError):
        words(Goal("h", subsystem=None, command=command))


def test_paths_are_quoted_and_not_expanded() -> None:
    assert quoted("/a b/%d") == '"/a b/%%d"'
    for path in ('/a"b', "/a\nb", "/${HOME}/x"):
        with pytest.raises(UsageError):
            quoted(path)


@pytest.mark.parametrize("extra", [
    "StrictHostKeyChecking=no", "stricthostkeychecking no", "UserKnownHostsFile=/dev/null",
    "ProxyCommand=touch x", "LocalCommand=x", "PermitLocalCommand=yes", "BatchMode no", "nonsense",
    "", "-oX=y", "LogLevel=QUIET", "KexAlgorithms=a\nProxyCommand=b"])
def test_extra_settings_cannot_undo_ours(extra: str) -> None:
    with pytest.raises(UsageError):
        SSHOptions(options=(extra,))


def test_wrong_options_say_what_is_right() -> None:
    with pytest.raises(UsageError, match="backend"):
        SSHOptions(backend="putty")  # type: ignore[arg-type]
    for pin in ("SHA256:short", "MD5:aa:bb", "SHA256:" + "*" * 43):
        with pytest.raises(UsageError, match="fingerprint"):
            SSHOptions(fingerprint=pin)
    with pytest.raises(UsageError, match="exclude"):
        SSHOptions(fingerprint="SHA256:" + "a" * 43, tofu=True)
    with pytest.raises(UsageError, match="control"):
        SSHOptions(known_hosts="/a\nb")


def test_secrets_do_not_show() -> None:
    options = SSHOptions(passphrase="sesame", answer=lambda prompt: "123456")
    assert "sesame" not in repr(options)
    assert isinstance(options.passphrase, Secret)
