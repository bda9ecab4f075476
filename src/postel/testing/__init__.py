"""For those who test, and those who write a stream of their own: the conformance suite.

    from postel.testing.streams_sync import CHECKS

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_my_stream(check):
        with my_pair() as (one, other):
            check(one, other)

Each check takes two joined streams and raises `AssertionError` where a rule of
`postel.transport.stream_sync` is broken. Servers to test against are `postel.lab`.
"""

__all__: list[str] = []
