"""The error tree is as the design draws it, and every error travels."""

from __future__ import annotations

import pickle

import pytest

from postel import errors
from postel.errors import PostelError
from postel.secrets import Secret

TREE = {
    "UsageError": (ValueError, 2), "NetworkError": (OSError, 5), "ResolveError": (OSError, 5),
    "ConnectError": (OSError, 5), "ConnectionLost": (ConnectionError, 5),
    "TimedOut": (TimeoutError, 5), "TLSError": (OSError, 5), "CertificateError": (OSError, 4),
    "ProtocolError": (Exception, 5), "BusyError": (Exception, 1), "ReplyError": (Exception, 1),
    "NotFound": (FileNotFoundError, 3), "AuthenticationError": (Exception, 4),
    "Forbidden": (PermissionError, 4), "HostKeyError": (Exception, 4),
    "AlreadyExists": (FileExistsError, 8), "Changed": (Exception, 8), "Conflict": (Exception, 8),
    "NoSpace": (Exception, 1), "TryLater": (Exception, 1), "NotSupported": (Exception, 1),
    "LimitReached": (Exception, 7), "TransferError": (Exception, 6), "Incomplete": (Exception, 6),
    "ChecksumMismatch": (Exception, 6), "PostelError": (Exception, 1),
}
CLASSES = [getattr(errors, name) for name in errors.__all__
           if isinstance(getattr(errors, name), type)
           and issubclass(getattr(errors, name), PostelError)]


def test_the_table_is_complete() -> None:
    assert {cls.__name__ for cls in CLASSES} == set(TREE)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_base_and_exit_code(cls: type[PostelError]) -> None:
    base, code = TREE[cls.__name__]
    assert issubclass(cls, base)
    assert cls.exit_code == code
    assert issubclass(cls, PostelError)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_errors_pickle_whole(cls: type[PostelError]) -> None:
    error = cls("RETR x: no", hint="try y", command="RETR x", url="ftp://h/", code=550)
    if isinstance(error, errors.ReplyError):
        error.text, error.temporary = "no", True
    if isinstance(error, errors.ConnectError):
        error.attempts = (errors.Attempt("192.0.2.1 port 21", "refused", 0.1),)
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is cls
    assert str(twin) == "RETR x: no"
    assert vars(twin) == vars(error)
    assert twin.__notes__ == ["hint: try y"]


def test_located_keeps_the_first_place() -> None:
    with pytest.raises(errors.NotFound) as caught:
        with errors.located("ftp://outer/"), errors.located("ftp://inner/"):
            raise errors.NotFound("x")
    assert caught.value.url == "ftp://inner/"


def test_a_secret_does_not_show() -> None:
    secret = Secret("hunter2")
    shown = [str(secret), repr(secret), f"{secret}", f"{[secret]}", f"{vars(errors)}"[:10]]
    assert not any("hunter2" in text for text in shown)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
