"""How much of heads is remembered."""

import pytest

from app.web.head import LONGEST_VALUE, MOST_HEADERS, Said, remembered


@pytest.mark.parametrize(
    ("head", "times"),
    [
        (((b"accept", b"*/*"),), 1),
        (((b"accept", b"x" * (LONGEST_VALUE + 1)),), 3),
        (((b"accept", b"*/*"),) * (MOST_HEADERS + 1), 3),
    ],
)
def test_heads_that_would_fill_the_memory_are_not_remembered(head: Said, times: int) -> None:
    judged = list[Said]()
    judge = remembered(judged.append)
    for _ in range(3):
        judge(head)
    assert judged == [head] * times
