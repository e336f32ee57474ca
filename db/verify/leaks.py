"""Secrets in stored text: the configured keys and tokens must not be found in any column of any table."""

import asyncio
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

from sqlalchemy import Column, LargeBinary, Table, Text, func, select

from db.engine import Connection
from db.tables import metadata, window_pages
from db.verify.invariant import Invariant, Offences, Snapshot, ask

# "test" or "secret" are words of the market (there is a coin called Secret), so that finding one there says nothing.
# A secret this short is looked for only where the words are ours.
_SHORT = 8
_OUR_WORDS = {
    "etl_runs": {"error"},
    "etl_run_events": {"message"},
    "etl_leases": {"holder"},
    "etl_requests": {"asked", "idempotency_key"},
    "etl_window_pages": {"origin"},
}
# Pages of CSV records are packed; SQL can't look into them. No page holds more than this when it is unpacked.
_PACKED = b"\x78"
_MOST_UNPACKED = 64 * 1024 * 1024

Secrets = Mapping[str, str]


class _Needle(NamedTuple):
    """One spelling of one secret."""

    parameter: str
    secret: str
    spelling: str


async def stored_text(connection: Connection, snapshot: Snapshot) -> Offences:
    """Look for the secrets in every text column and in the bodies of staged pages; one offence a row."""
    needles = _needles(snapshot.secrets)
    found = Offences()
    if not needles:
        return found
    for table in metadata.sorted_tables:
        query = _query(connection, table, needles)
        if query is not None:
            found += await ask(connection, *query)
    return found


async def packed_pages(connection: Connection, snapshot: Snapshot) -> Offences:
    """Look into the bodies that are packed, one at a time."""
    spellings = {secret: spellings_of(value) for secret, value in snapshot.secrets.items() if len(value) >= _SHORT}
    found = Offences()
    if not spellings:
        return found
    key = (window_pages.c.window_id, window_pages.c.number)
    packed = select(*key).where(func.substr(window_pages.c.body, 1, 1) == _PACKED).order_by(*key)
    for window_id, number in (await connection.execute(packed)).all():
        same = (window_pages.c.window_id == window_id, window_pages.c.number == number)
        body = (await connection.execute(select(window_pages.c.body).where(*same))).scalar_one()
        for secret in await asyncio.to_thread(_inside, body, spellings):
            row = {"table": window_pages.name, "column": "body", "row": f"{window_id}/{number}", "secret": secret}
            found += Offences(1, [row])
    return found


def spellings_of(secret: str) -> list[str]:
    """How a secret may be written: as it is, in JSON, in a URL."""
    return list(dict.fromkeys([secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret)]))


def without_secrets(value: Any, secrets: Secrets) -> Any:
    """The value with every secret in it replaced, whatever the spelling."""
    if isinstance(value, str):
        for secret in secrets.values():
            for spelling in spellings_of(secret):
                value = value.replace(spelling, "***")
    return value


def _needles(secrets: Secrets) -> list[_Needle]:
    spelled = [(name, spelling) for name, value in secrets.items() if value for spelling in spellings_of(value)]
    return [_Needle(f"needle_{n}", name, spelling) for n, (name, spelling) in enumerate(spelled)]


def _query(connection: Connection, table: Table, needles: list[_Needle]) -> tuple[str, dict[str, Any]] | None:
    """A SELECT of the table's rows that hold a secret, naming column and secret and showing neither's text."""
    tests: dict[tuple[str, str], list[str]] = {}
    values: dict[str, Any] = {}
    for column in table.columns:
        for needle in _looked_for(column, needles):
            binary = isinstance(column.type, LargeBinary)
            parameter = f"{needle.parameter}_{'bytes' if binary else 'text'}"
            values[parameter] = needle.spelling.encode() if binary else needle.spelling
            tests.setdefault((column.name, needle.secret), []).append(_contains(connection, column, parameter))
    if not tests:
        return None
    cases = [(names, " OR ".join(conditions)) for names, conditions in tests.items()]
    column_named = " ".join(f"WHEN {condition} THEN '{column}'" for (column, _), condition in cases)
    secret_named = " ".join(f"WHEN {condition} THEN '{secret}'" for (_, secret), condition in cases)
    row = " || '/' || ".join(f'CAST("{column.name}" AS TEXT)' for column in table.primary_key)
    sql = f"""SELECT '{table.name}' AS "table", CASE {column_named} END AS "column", {row} AS "row",
                     CASE {secret_named} END AS secret
              FROM {table.name} WHERE {" OR ".join(condition for _, condition in cases)}"""
    return sql, values


def _looked_for(column: Column[Any], needles: list[_Needle]) -> Iterator[_Needle]:
    if not isinstance(column.type, Text | LargeBinary):
        return
    ours = column.name in _OUR_WORDS.get(column.table.name, ())
    yield from (needle for needle in needles if ours or len(needle.spelling) >= _SHORT)


def _contains(connection: Connection, column: Column[Any], parameter: str) -> str:
    # With the table's name: SQLite takes a quoted name that it doesn't know for a text.
    name = f'{column.table.name}."{column.name}"'
    if connection.dialect.name == "sqlite":
        return f"instr({name}, :{parameter}) > 0"
    kind = "bytea" if isinstance(column.type, LargeBinary) else "text"
    return f"position(CAST(:{parameter} AS {kind}) IN {name}) > 0"


def _inside(body: bytes, spellings: Mapping[str, list[str]]) -> list[str]:
    """The names of the secrets in a packed body."""
    try:
        unpacked = zlib.decompressobj().decompress(body, _MOST_UNPACKED)
    except zlib.error:
        return []
    return [name for name, spelled in spellings.items() if any(spelling.encode() in unpacked for spelling in spelled)]


LEAKS = Invariant(20, "a secret (API key, token) in any stored text", [stored_text, packed_pages])

INVARIANTS = (LEAKS,)
