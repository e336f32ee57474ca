"""/metrics: what this process answered, and where the database stands."""

import asyncio
import time
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from app.web.metrics import HttpMetrics
from db.engine import Database
from tests.app.serving import served
from tests.graphql_schema import rows


async def samples(client: httpx.AsyncClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = await client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = text_string_to_metric_families(answer.text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in found for one in family.samples}


def key(name: str, **labels: Any) -> tuple[str, frozenset[tuple[str, str]]]:
    return f"kasparro_{name}", frozenset(labels.items())


async def test_requests_are_counted_by_route_method_and_class(client: httpx.AsyncClient) -> None:
    for path in ("/data", "/data?limit=0", "/data?limit=1", "/a", "/b", "/data/1"):
        await client.get(path)
    await client.request("BREW", "/data")
    found = await samples(client)
    assert found[key("http_requests_total", route="/data", method="GET", status="2xx")] == 2
    assert found[key("http_requests_total", route="/data", method="GET", status="4xx")] == 1
    assert found[key("http_requests_total", route="none", method="GET", status="4xx")] == 3
    assert found[key("http_requests_total", route="/data", method="other", status="4xx")] == 1
    assert found[key("http_request_duration_seconds_count", route="/data", method="GET", status="2xx")] == 2


async def test_where_the_database_stands(client: httpx.AsyncClient, database: Database) -> None:
    await rows.write_assets(database, rows.asset(1), rows.asset(2), rows.asset(3, source="csv"))
    await rows.write_run(database, 2, status="failed", records_processed=5)
    await rows.write_run(database, 3, source="csv", records_processed=7)
    found = await samples(client)
    assert found[key("database_up")] == 1
    assert found[key("assets", source="coingecko")] == 2
    assert found[key("etl_runs", source="coingecko", status="success")] == 1
    assert found[key("etl_runs", source="coingecko", status="failed")] == 1
    assert found[key("etl_records_processed_total", source="coingecko")] == 5
    assert found[key("etl_records_processed_total", source="csv")] == 7
    finished = rows.START.timestamp() + 1.5
    assert found[key("etl_last_success_timestamp_seconds", source="csv")] == finished
    assert [name for name, _ in found if name == "kasparro_build_info"] == ["kasparro_build_info"]


async def test_each_application_counts_for_itself(client: httpx.AsyncClient, database: Database) -> None:
    await client.get("/livez")
    async with served(database) as other:
        found = await samples(other)
    assert not [name for name, _ in found if name == "kasparro_http_requests_total"]


async def test_a_blocked_event_loop_shows(client: httpx.AsyncClient) -> None:
    await asyncio.sleep(0.05)
    time.sleep(0.15)  # noqa: ASYNC251  the point
    await asyncio.sleep(0.05)
    found = await samples(client)
    late = found[key("event_loop_lag_seconds_count")] - found[key("event_loop_lag_seconds_bucket", le="0.1")]
    assert late >= 1


def test_a_time_counts_up_to_its_bound_and_in_all_above() -> None:
    registry = CollectorRegistry()
    metrics = HttpMetrics(registry)
    for seconds in (0.005, 0.006, 20.0):
        metrics.measure({"method": "GET"}, 200, seconds)
    labels = {"route": "none", "method": "GET", "status": "2xx"}

    def up_to(bound: str) -> float | None:
        name = "kasparro_http_request_duration_seconds_bucket"
        return registry.get_sample_value(name, {**labels, "le": bound})

    assert [up_to(bound) for bound in ("0.005", "0.01", "10.0", "+Inf")] == [1, 2, 2, 3]
    assert registry.get_sample_value("kasparro_http_request_duration_seconds_sum", labels) == pytest.approx(20.011)
