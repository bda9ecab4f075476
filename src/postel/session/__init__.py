"""The base of every client: queue, flush, pair, secure, log in, close; results that wait."""

__all__: list[str] = []
