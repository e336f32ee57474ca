"""Answers are given again only while nothing was committed, by whomever, and only those that data alone decides."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from db import tables
from db.direct import Rows
from db.engine import Database
from db.prepared import Prepared
from graphql_schema import ids
from graphql_schema.plans.answers import Answer, Answers
from tests.app.serving import only_sqlite, served
from tests.graphql_schema.rows import asset, write_assets

ASSET = ids.encode("Asset", 1)
RANK = {"query": "query ($id: ID!) { asset(id: $id) { rank } }", "variables": {"id": ASSET}}
LIST = {"query": "{ assets { nodes { id name rank priceUsd lastUpdated } pageInfo { endCursor } totalCount } }"}
OURS = {"x-request-id", "x-api-latency-ms"}
# Commits the next rank whenever it gets a line, and says so.
WRITER = """
import asyncio, sys
from sqlalchemy import text
from db.engine import Database

async def main():
    database = Database(sys.argv[1])
    for line in sys.stdin:
        async with database.write() as connection:
            await connection.execute(text("UPDATE assets SET rank = " + str(int(line)) + " WHERE id = 1"))
        print("committed", flush=True)
    await database.close()

asyncio.run(main())
"""


class Carried:
    """How many answers were worked out by plans."""

    count = 0


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> Carried:
    counted, usual = Carried(), Answers.answer

    async def answer(self: Answers, *arguments: Any) -> Answer | None:
        counted.count += 1
        return await usual(self, *arguments)

    monkeypatch.setattr(Answers, "answer", answer)
    return counted


@pytest.fixture
async def warm(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    await write_assets(database, *(asset(n, rank=n, price_usd=n / 7) for n in range(1, 40)))
    async with served(database) as client:
        for question in (RANK, LIST):
            for _ in range(3):
                await client.post("/graphql", json=question)
        yield client


async def rank(client: httpx.AsyncClient) -> int:
    answer = await client.post("/graphql", json=RANK)
    found: int = answer.json()["data"]["asset"]["rank"]
    return found


async def commit(database: Database, number: int) -> None:
    async with database.write() as connection:
        await connection.execute(update(tables.assets).where(tables.assets.c.id == 1).values(rank=number))


@only_sqlite
async def test_the_same_answer_is_not_worked_out_again(warm: httpx.AsyncClient, carried: Carried) -> None:
    for encoding in ("gzip", "identity"):
        headers = {"Accept-Encoding": encoding}
        worked_out = [await warm.post("/graphql", json=LIST, headers=headers) for _ in range(3)][-1]
        before = carried.count
        again = await warm.post("/graphql", json=LIST, headers=headers)
        assert carried.count == before
        assert again.content == worked_out.content
        kept, made = ({n: v for n, v in each.headers.items() if n not in OURS} for each in (again, worked_out))
        assert kept == made
        assert again.headers["x-request-id"] != worked_out.headers["x-request-id"]


async def test_a_kept_answer_looks_like_one_worked_out(database: Database, warm: httpx.AsyncClient) -> None:
    async with served(database, answer_cache_bytes=0) as cold:
        for _ in range(3):
            made, kept = [await each.post("/graphql", json=LIST) for each in (cold, warm)]
            assert (made.status_code, made.content) == (kept.status_code, kept.content)
            assert made.headers.keys() == kept.headers.keys()
            assert all(made.headers[name] == kept.headers[name] for name in made.headers.keys() - OURS)


async def test_a_commit_is_seen_by_whoever_asks_after_it(database: Database, warm: httpx.AsyncClient) -> None:
    for number in range(100, 110):
        await commit(database, number)
        assert [await rank(warm) for _ in range(3)] == [number] * 3


async def test_nobody_is_told_less_than_was_acknowledged(database: Database, warm: httpx.AsyncClient) -> None:
    """Writers in this process and in another one take turns; readers ask all the time."""
    acknowledged, over, told = 100, False, 0
    await commit(database, acknowledged)

    async def read() -> None:
        nonlocal told
        while not over:
            least = acknowledged
            assert await rank(warm) >= least
            told += 1
            await asyncio.sleep(0.001)  # nothing in between has to wait for anything

    url = database.url.render_as_string(hide_password=False)
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, url, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    readers = [asyncio.create_task(read()) for _ in range(3)]
    for number in range(101, 113):
        if number % 2:
            await commit(database, number)
        else:
            writer.stdin.write(f"{number}\n".encode())
            assert await writer.stdout.readline() == b"committed\n"
        acknowledged = number
        await asyncio.sleep(0.005)
    over = True
    await asyncio.gather(*readers)
    writer.stdin.close()
    assert await writer.wait() == 0
    assert told > 12


async def test_what_the_clock_decides_is_always_worked_out(warm: httpx.AsyncClient, carried: Carried) -> None:
    question = {"query": "{ health { status } sources { dataAgeSeconds } }"}
    for n in range(1, 5):
        assert (await warm.post("/graphql", json=question)).status_code == 200
        assert carried.count == n


async def test_most_are_given_again_whoever_else_uses_the_server(warm: httpx.AsyncClient, carried: Carried) -> None:
    """On PostgreSQL, transactions of other databases count, too."""
    answers = [await warm.post("/graphql", json=LIST) for _ in range(50)]
    assert len({answer.content for answer in answers}) == 1
    assert carried.count < len(answers)


@only_sqlite
async def test_who_has_the_data_is_told_so_without_reading_it(database: Database, warm: httpx.AsyncClient) -> None:
    first = await warm.get("/data?limit=3")
    others = {(await warm.get("/data?limit=3")).json()["request_id"] for _ in range(3)}
    assert len(others | {first.json()["request_id"]}) == 4
    read, usual = [], database.direct.fetch

    async def noted(statement: Prepared, values: Mapping[str, Any]) -> Rows:
        read.append(statement.text)
        return await usual(statement, values)

    database.direct.fetch = noted  # type: ignore[method-assign]
    polling = {"If-None-Match": first.headers["etag"]}
    answers = [await warm.get("/data?limit=3", headers=polling) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [304] * 5
    assert all(answer.headers["etag"] == first.headers["etag"] for answer in answers)
    assert len([text for text in read if "FROM assets" in text]) == 2
    await commit(database, 500)
    assert (await warm.get("/data?limit=3", headers=polling)).status_code == 200


async def test_errors_are_always_worked_out(warm: httpx.AsyncClient, carried: Carried) -> None:
    for n in range(1, 5):
        answer = await warm.post("/graphql", json={"query": "{ assets(first: 0) { nodes { id } } }"})
        assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert carried.count == n


async def test_an_answer_is_for_those_who_may_read(database: Database) -> None:
    await write_assets(database, asset(1))
    async with served(database, api_read_token="secret") as client:
        for shown, status in (("Bearer secret", 200), ("Bearer other", 401), ("", 401)) * 3:
            answer = await client.post("/graphql", json=LIST, headers={"Authorization": shown} if shown else {})
            assert answer.status_code == status


@only_sqlite
async def test_the_room_is_bounded(database: Database, carried: Carried) -> None:
    await write_assets(database, *(asset(n, name="x" * 100) for n in range(1, 20)))
    questions = [{"query": f"{{ assets(first: {n}) {{ nodes {{ name }} }} }}"} for n in range(1, 20)]
    async with served(database, answer_cache_bytes=30_000) as client:
        for _ in range(3):
            for question in questions:
                await client.post("/graphql", json=question)
        before = carried.count
        for question in questions:
            await client.post("/graphql", json=question)
        assert before < carried.count
        before = carried.count
        await client.post("/graphql", json=questions[10])
        await client.post("/graphql", json=questions[10])
        assert carried.count <= before + 1
