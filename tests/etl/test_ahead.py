"""Items made while others are being used."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from etl.ahead import together


async def numbers(count: int, closed: list[str], *, broken: bool = False) -> AsyncGenerator[int, None]:
    try:
        for number in range(count):
            yield number
        if broken:
            raise RuntimeError("no more")
    finally:
        closed.append("closed")


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def slowly(items: AsyncGenerator[int, None], into: list[list[int]]) -> None:
    async for group in together(items, 4):
        into.append(group)
        await turns()


async def test_what_came_meanwhile_is_handed_out_together() -> None:
    groups: list[list[int]] = []
    await slowly(numbers(10, []), groups)
    assert [number for group in groups for number in group] == list(range(10))
    assert max(map(len, groups)) == 4


async def test_what_came_before_an_error_is_handed_out_first() -> None:
    groups: list[list[int]] = []
    with pytest.raises(RuntimeError, match="no more"):
        await slowly(numbers(3, [], broken=True), groups)
    assert [number for group in groups for number in group] == [0, 1, 2]


@pytest.mark.parametrize("most", [1, 4, 100])
async def test_a_reader_nobody_listens_to_is_closed(most: int) -> None:
    closed: list[str] = []
    groups = together(numbers(50, closed), most)
    await anext(groups)
    await turns()
    await groups.aclose()
    assert closed == ["closed"]


async def test_large_items_do_not_pile_up() -> None:
    read: list[int] = []

    async def items() -> AsyncGenerator[int, None]:
        for number in range(20):
            read.append(number)
            yield number

    ahead = []
    async for group in together(items(), 4, lambda number: number % 2 == 1):
        await turns()
        ahead.append(len(read) - 1 - group[-1])
    assert read == list(range(20))
    assert max(ahead) == 2  # a small one, and the large one behind it
