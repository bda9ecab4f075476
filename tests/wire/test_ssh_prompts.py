"""Each secret goes to the question it is for, once, and to nobody else."""

from __future__ import annotations

import pytest

from postel.secrets import Secret
from postel.ssh.prompts import Prompts
from postel.ssh.types import SSHOptions


def asked(prompts: Prompts, prompt: str, method: str = "", *, ours: bool = True,
          hint: str = "") -> str | None:
    found = prompts.answer(prompt, method, ours=ours, hint=hint)
    return None if found is None else found.reveal()


def given(password: object = "secret", **options: object) -> tuple[Prompts, list[str]]:
    refused: list[str] = []
    prompts = Prompts(password, SSHOptions(**options), refused.append)  # type: ignore[arg-type]
    return prompts, refused


@pytest.mark.parametrize(("prompt", "method"), [
    ("ann@files.example.org's password: ", "password"),
    ("(ann@files.example.org) Password: ", "keyboard-interactive"),
    ("(ann@h) Password for ann@h:", "keyboard-interactive"),
    ("Password:", "keyboard-interactive"),
    ("(ann@h) ann's password: ", "keyboard-interactive"),
    ("(ann@h) UNIX password: ", "keyboard-interactive"),
])
def test_the_password_is_for_who_asks_for_it_once(prompt: str, method: str) -> None:
    prompts, _ = given()
    assert asked(prompts, prompt, method) == "secret"
    assert asked(prompts, prompt, method) is None


@pytest.mark.parametrize(("prompt", "method"), [
    ("Are you sure you want to continue connecting (yes/no/[fingerprint])? ", ""),
    ("The authenticity of host 'h' can't be established.\n(yes/no)? ", ""),
    ("Enter passphrase for key '/home/ann/.ssh/id_ed25519': ", "publickey"),
    ("(ann@h) Verification code: ", "keyboard-interactive"),
    ("(ann@h) One-time password (OATH) for `ann': ", "keyboard-interactive"),
    ("(ann@h) New password: ", "keyboard-interactive"),
    ("Enter ann@h's new password: ", "password"),
    ("Retype new password: ", "password"),
    ("Enter PIN for ED25519-SK key /k: ", "publickey"),
    ("(ann@h) Enter passphrase for key '/home/ann/.ssh/id_ed25519': ", "keyboard-interactive"),
    ("Allow use of key /k?", "publickey"),
])
def test_the_password_is_for_nobody_else(prompt: str, method: str) -> None:
    prompts, refused = given()
    assert asked(prompts, prompt, method) is None
    assert refused == [prompt]


def test_another_ssh_on_the_way_gets_nothing() -> None:
    prompts, refused = given(passphrase="sesame")
    assert asked(prompts, "ann@gate's password: ", "password", ours=False) is None
    assert asked(prompts, "Enter passphrase for key '/k': ", "publickey", ours=False) is None
    assert len(refused) == 2


def test_a_passphrase_is_for_keys_each_once_and_never_for_the_server() -> None:
    prompts, _ = given(password=None, passphrase="sesame")
    prompt = "Enter passphrase for key '/k1': "
    assert asked(prompts, prompt, "publickey") == "sesame"
    assert asked(prompts, prompt, "publickey") is None
    assert asked(prompts, "Enter passphrase for key '/k2': ", "") == "sesame"
    # a server that asks in the words of a key (keyboard-interactive, before OpenSSH 8.5)
    assert asked(prompts, "Enter passphrase for key '/k3': ", "keyboard-interactive") is None


def test_a_function_is_called_when_it_is_needed() -> None:
    calls = []

    def ask() -> str:
        calls.append(1)
        return "secret"

    prompts, _ = given(ask)
    assert prompts.any
    assert not prompts.password_at_hand
    assert not calls
    assert asked(prompts, "a@h's password: ", "password") == "secret"
    assert calls == [1]


def test_other_questions_go_to_answer() -> None:
    seen = []

    def answer(prompt: str) -> str | Secret | None:
        seen.append(prompt)
        return "123456" if "code" in prompt else None

    prompts, refused = given(answer=answer)
    assert asked(prompts, "(ann@h) Verification code: ", "keyboard-interactive") == "123456"
    assert asked(prompts, "(ann@h) Favourite colour? ", "keyboard-interactive") is None
    assert asked(prompts, "Sure (yes/no)? ", "") is None
    assert len(seen) == 2
    assert refused == ["Sure (yes/no)? "]


def test_confirmations_are_never_given() -> None:
    prompts, refused = given(answer=lambda prompt: "yes")
    assert asked(prompts, "Allow use of key?", "", hint="confirm") is None
    assert refused


def test_nothing_to_answer_with() -> None:
    prompts, _ = given(None)
    assert not prompts.any
    assert asked(prompts, "a@h's password: ", "password") is None
    assert "secret" not in repr(Prompts(Secret("secret"), SSHOptions()))
