"""Files on this disk, as sources of messages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from ..errors import NotFound, UsageError
from ..messages.source import Source

__all__ = ["source"]


def source(path: str) -> Source:
    """A file that is opened when the message is sent.

    Raises:
        NotFound: there is none.
        UsageError: it is no plain file, or may not be read.

    Example:
        >>> _ = Path("hello.txt").write_bytes(b"hello")
        >>> source("hello.txt").size
        5
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        if not file.is_file() or not os.access(file, os.R_OK):
            raise UsageError(f"attach {path}: it is no file that can be read")
    except FileNotFoundError:
        raise NotFound(f"attach {path}: there is no such file") from None
    except OSError as error:
        raise UsageError(f"attach {path}: {error.strerror}") from None

    def opened() -> BinaryIO:
        return file.open("rb")

    return Source(file.name, size, opened)
