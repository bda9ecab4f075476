"""What is decided before anything runs: ciphers, backend, and a password that is asked for once."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from postel.errors import UsageError
from postel.secrets import Secret
from postel.ssh import launch
from postel.ssh.launch import Remembered, backend_for, goal_for, prefers_gcm
from postel.ssh.types import SSHOptions
from postel.transport.names import HOSTS


@pytest.mark.parametrize(("text", "ours"), [
    ("Host x\n  User ann\n", True),
    ("# Ciphers aes256-ctr\n", True),
    ("Host x\n  ciphers aes256-ctr\n", False),
    ("Include other.conf\n", False),
    ("Include /etc/ssh/ssh_config.d/*.conf\n", True),
    ("Include /etc/crypto-policies/back-ends/openssh.config\n", False),
])
def test_an_order_of_ones_own_is_kept(
    text: str, ours: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_has_aes", lambda: True)
    config = tmp_path / "config"
    config.write_text(text)
    assert prefers_gcm(str(config)) is ours


def test_without_hardware_ciphers_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_has_aes", lambda: False)
    assert not prefers_gcm(str(tmp_path / "nothing"))


def test_the_backend_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/ssh")
    assert backend_for(SSHOptions()) == "ssh"
    assert backend_for(SSHOptions(backend="asyncssh")) == "asyncssh"
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert backend_for(SSHOptions()) == "asyncssh"
    with pytest.raises(UsageError, match="no program ssh"):
        backend_for(SSHOptions(backend="ssh"))
    monkeypatch.setattr(launch, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="asyncssh") as caught:
        backend_for(SSHOptions())
    assert "postel[ssh]" in caught.value.hint


def test_a_name_of_this_process_has_an_address_and_keys() -> None:
    HOSTS.add("box.test", ("127.0.0.1",), {22: 40022}, None, "/keys")
    try:
        goal = goal_for("box.test", None, "ann", "sftp", None)
        assert (goal.address, goal.port, goal.host) == ("127.0.0.1", 40022, "box.test")
        options = launch.with_known_keys("box.test", SSHOptions())
        assert options.known_hosts == "/keys"
        pinned = SSHOptions(fingerprint="SHA256:" + "a" * 43)
        assert launch.with_known_keys("box.test", pinned).known_hosts is None
        assert launch.with_known_keys("other.test", SSHOptions()).known_hosts is None
    finally:
        HOSTS.remove("box.test")
    assert goal_for("Box", None, None, "sftp", None).host == "Box"  # an alias is kept as it is


def test_a_password_is_asked_for_once_whoever_comes() -> None:
    asked = []

    def ask() -> str:
        asked.append(1)
        return "secret"

    remembered = Remembered(ask)
    threads = [threading.Thread(target=remembered) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert remembered() == Secret("secret")
    assert asked == [1]
    remembered.forget()
    remembered()
    assert asked == [1, 1]
