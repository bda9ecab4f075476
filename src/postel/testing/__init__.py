"""For those who test, and those who write a stream of their own: the conformance suite.

    from postel.testing.streams_sync import CHECKS

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_my_stream(check):
        with my_pair() as (one, other):
            check(one, other)

Each check takes two joined streams and raises `AssertionError` where a rule of
`postel.transport.stream_sync` is broken. The checks of `postel.testing.tls_sync` (``TLS_CHECKS``)
begin in the clear and take contexts as well. ``streams_async`` and ``tls_async`` are the same for
asyncio. Servers to test against are `postel.lab`.
"""

__all__: list[str] = []
