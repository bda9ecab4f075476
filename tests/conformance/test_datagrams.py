"""Datagrams: what a peer said before it went is heard before its absence is."""

from __future__ import annotations

import socket

import pytest

from postel.errors import ConnectError
from postel.transport.datagram_sync import Datagrams
from postel.transport.names import Address


def test_the_last_word_of_a_peer_that_has_gone_comes_first() -> None:
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind(("127.0.0.1", 0))
    place = peer.getsockname()
    here = Datagrams(Address(socket.AF_INET, place), None)
    try:
        here.send(b"the last block", place)
        _, source = peer.recvfrom(100)
        peer.sendto(b"I have it all", source)
        peer.close()
        here.send(b"the last block, again", place)  # refused, which is told with the next one
        here.send(b"and again", place)
        assert here.receive(5.0) == [(b"I have it all", place)]
        with pytest.raises(ConnectError, match="nothing listens there") as caught:
            here.receive(5.0)
        assert caught.value.hint
    finally:
        peer.close()
        here.close()
