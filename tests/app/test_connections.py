"""Room for connections; what becomes of slow ones is in tests/attacks."""

import pytest

from app import connections

resource = pytest.importorskip("resource", reason="file handles are limited by POSIX systems")


def test_there_are_file_handles_for_all_of_them() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
        room = connections.room_for(websockets=500)
        assert room == connections.MOST_CONNECTIONS
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= room + 500
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
