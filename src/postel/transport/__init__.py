"""Streams, names, TLS, proxies, traces and crews: the only code that touches a socket."""

__all__: list[str] = []
