"""What clients and the machine do to a running service, and what its environment may hold."""

import asyncio
import json
import os
import resource
import socket
import struct
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psutil
import pytest

from app.config import ConfigurationError, Settings, load_settings
from tests import upstream as local
from tests.chaos.blows import FAILED
from tests.chaos.processes import wait_until
from tests.faults.processes import Site
from tests.faults.world import COINS, KEY
from tests.upstream import Fault

GARBAGE = [
    "\udcff\udcfe",
    "\x00" if os.name == "nt" else "\x01\x02",
    "'; DROP TABLE assets; --",
    "${HOME}",
    "\uff19",
    "-" * 100_000,
    "nan",
    "1e999",
    "9" * 5000,
    "true",
    "[]",
    "{}",
    '{"a":',
    " ",
    "\t\n",
    "../../etc/passwd",
    "http://",
    "sqlite:",
]
LINGER_NOT = struct.pack("ii", 1, 0)
HEAVY = "{ assets(first: 100) { nodes { id name symbol priceUsd raw { payload } lastRun { id status } } } }"
STORM = """mutation { triggerEtl(source: "csv") { started { id } alreadyActive { id } errors { code } } }"""


@pytest.mark.parametrize("name", [field.upper() for field in Settings.__struct_fields__])
def test_garbage_in_the_environment_is_named_or_harmless(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    complaints = []
    for garbage in GARBAGE:
        monkeypatch.setenv(name, garbage)
        try:
            load_settings()
        except ConfigurationError as problem:
            complaints.append(str(problem))
    assert [complaint for complaint in complaints if not complaint.startswith(f"{name}: ")] == []
    assert max(map(len, complaints), default=0) < 1000
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_garbage_stops_a_process_before_it_touches_anything(site: Site) -> None:
    before = Path(site.url.removeprefix("sqlite:///")).read_bytes()
    with site.ingest("csv", ETL_BATCH_SIZE="\udcff", API_TOKEN="a b") as process:
        assert process.join() == 2
        assert process.said("ETL_BATCH_SIZE: ")
        assert process.said("API_TOKEN: ")
        assert not process.said("Traceback")
    assert Path(site.url.removeprefix("sqlite:///")).read_bytes() == before
    site.recovered("csv")


@pytest.fixture
def market() -> local.Upstream:
    return local.Upstream(size=COINS, seed=1, churn=0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_key_that_upstreams_echo_reaches_no_log_and_no_table(site: Site, market: local.Upstream) -> None:
    with local.serve_in_thread(market) as url:
        site.settings |= {
            "ETL_SOURCES": "coingecko,coinpaprika",
            "COINGECKO_API_KEY": KEY,
            "COINPAPRIKA_API_KEY": KEY,
            "COINGECKO_BASE_URL": url + local.COINGECKO,
            "COINPAPRIKA_BASE_URL": url + local.COINPAPRIKA,
            "LOG_LEVEL": "DEBUG",
        }
        site.secrets = {"COINGECKO_API_KEY": KEY}
        market.set_faults([Fault("echo_key", {"status": 401})])
        with site.ingest() as process:
            assert process.join() == FAILED
            assert process.said("invalid API key: ***")
            assert not process.said(KEY)
        assert {KEY} <= {value for seen in market.requests for value in seen.headers.values()}
        market.set_faults(())
        site.recovered("coingecko", "coinpaprika")


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="the limit of a running process can be set on Linux only")
def test_a_process_that_runs_out_of_memory_fails_in_words_or_is_found_dead(site: Site) -> None:
    market = local.Upstream(size=3000, seed=1, churn=0, faults=[Fault("delay", {"seconds": 2})])
    market.warm()
    with local.serve_in_thread(market) as url:
        site.settings |= {"ETL_SOURCES": "coinpaprika", "COINPAPRIKA_BASE_URL": url + local.COINPAPRIKA}
        with site.ingest() as process:
            wait_until(lambda: market.asked("/tickers") > 0, "a request")
            used = psutil.Process(process.popen.pid).memory_info().vms
            resource.prlimit(process.popen.pid, resource.RLIMIT_AS, (used, used))
            code = process.join()
        assert code == FAILED
        assert site.query("SELECT status FROM etl_runs") in ([("failed",)], [("running",)])
        market.set_faults(())
        site.let_leases_lapse()
        site.recovered("coinpaprika")


def test_clients_that_leave_in_the_middle_of_a_query_leave_nothing_behind(site: Site) -> None:
    with site.serve(ETL_BATCH_SIZE="50") as (process, url):
        host, port = url.removeprefix("http://").split(":")
        site.wait_for_batches()
        for number in range(24):
            with socket.create_connection((host, int(port))) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
                whole = number % 3 > 0
                client.sendall(_request(HEAVY)[: None if whole else -20])
                if whole and number % 2:
                    client.recv(1 + number)
        answer = httpx.post(f"{url}/graphql", json={"query": HEAVY}, timeout=30).json()
        assert "errors" not in answer
        assert len(answer["data"]["assets"]["nodes"]) > 0
        wait_until(lambda: httpx.get(f"{url}/stats", timeout=30).json()["status"] == "success", "the run")
        assert not process.said("Traceback")
    site.recovered("csv")


def _request(query: str) -> bytes:
    body = json.dumps({"query": query}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body


def test_a_storm_of_triggers_and_cancels(site: Site) -> None:
    site.settings |= {"ETL_BATCH_SIZE": "100"}

    async def storm(url: str) -> set[str]:
        random, seen = Random(1), set()
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:

            async def client_of_ours() -> None:
                for _ in range(8):
                    answer = await ask(client, STORM)
                    runs = answer["triggerEtl"]["started"] + answer["triggerEtl"]["alreadyActive"]
                    assert len(runs) == 1
                    seen.add(runs[0]["id"])
                    await asyncio.sleep(random.random() * 0.1)
                    await ask(
                        client, f'mutation {{ cancelRun(id: "{runs[0]["id"]}") {{ run {{ id }} errors {{ code }} }} }}'
                    )
                    await ask(client, 'mutation { resetCheckpoint(source: "csv") { errors { code } } }')

            await asyncio.gather(*(client_of_ours() for _ in range(6)))
        return seen

    with site.serve(ETL_RUN_ON_STARTUP="false") as (process, url):
        ids = asyncio.run(storm(url))
        assert len(ids) > 1
        assert not process.said("Traceback")
    [(recorded,)] = site.query("SELECT count(*) FROM etl_runs")
    assert recorded == len(ids)
    site.let_leases_lapse()  # the server was killed, perhaps in the middle of the last run
    site.recovered("csv")


async def ask(client: httpx.AsyncClient, query: str) -> dict[str, Any]:
    answer = (await client.post("/graphql", json={"query": query})).json()
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data
