"""The base of the lab's servers: listening, limits, shutdown, users, faults."""

__all__: list[str] = []
