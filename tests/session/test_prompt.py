"""A server whose answers come in two pieces is not waited for: what came is acknowledged."""

from __future__ import annotations

import socket

import pytest

from postel.transport.sockets import acknowledge


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="Linux alone has TCP_QUICKACK")
def test_what_came_is_acknowledged_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, \
            socket.create_connection(listener.getsockname()) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        acknowledge(sock)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK)


def test_what_is_no_tcp_is_let_be() -> None:
    one, other = socket.socketpair()
    with one, other:
        acknowledge(one)
    acknowledge(one)  # closed
