"""The index of every three letters of every asset's texts: what finds text inside text without reading all.

`asset_search` holds one text an asset, its case-folded symbol, name and external id with a SEPARATOR around each.
SQLite has it as an FTS5 table, PostgreSQL as a table with a pg_trgm index. (Where that extension can't be had the same
statements read the table, which is slower and finds the same.) Triggers keep it in step, but for new assets on
SQLite, whose writer has them taken in.

An index helps where few assets have what is looked for. What many have is found sooner by walking the list in its
order, so the index is asked for a bounded number of hits first.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, SelectBase, Text, TextClause, and_, any_, column, func, or_, select, table
from sqlalchemy import text as sql

from db.aio import AsyncConnection
from db.asking import Asking, Clause
from db.cursors import storable
from db.filters import AnyOf, Condition, Every, Where, literal_pattern
from db.keyset import AnySelect
from db.prepared import slot
from db.tables import assets

# A letter that no name is written with, because pg_trgm passes over everything else; two of it, so that with a single
# letter behind them they make three. Should a name have it, the index finds too much, never too little.
SEPARATOR = "\ua66e\ua66e"
FIELDS = ("symbol", "name", "external_id")
# Above this many hits of a million assets, a page is found sooner in the list's own order.
MANY = 3000
# Where PostgreSQL's planner takes more than this to have a text, a sample of so many stretches of so many assets is
# asked first: its index finds all hits before it gives the first, which takes ten milliseconds for 60,000.
PERHAPS_MANY = 20_000
STRETCHES, STRETCH = 80, 25
# So many in the sample are many.
COMMON = 20
_SHORTEST = 3
# What lies behind this much of a text hardly finds less.
_LONGEST = 64

# Any one of these texts; and all of such choices.
Choice = tuple[str, ...]
Wanted = tuple[Choice, ...]
# How many texts there are in each choice: all that makes one statement another.
Sizes = tuple[int, ...]
# Makes a condition of what finds the ids of assets, for this kind of database.
Among = Callable[[str, AnySelect], ColumnElement[bool]]

_GUESS = "EXPLAIN (FORMAT JSON) SELECT asset_id FROM asset_search WHERE "
_SAMPLE = f"""
    SELECT count(DISTINCT asset_id)
    FROM generate_series(0, CAST({STRETCHES} AS bigint) - 1) AS n,
         LATERAL (SELECT asset_id, text FROM asset_search
                   WHERE asset_id >= n * (SELECT max(asset_id) FROM asset_search) / {STRETCHES}
                   ORDER BY asset_id LIMIT {STRETCH}) AS stretch
    WHERE """

_index = table("asset_search", column("rowid"), column("asset_id"), column("text"))


@dataclass(frozen=True, slots=True)
class Hits:
    """What the index has: how many assets, as far as that was counted, and the condition that they are the ones.

    Without a condition nothing is known, because the index can't be asked for that.
    """

    count: int
    among: Clause | None

    @property
    def many(self) -> bool:
        """Whether the index is no help in finding the first of them."""
        return self.count > MANY

    def narrowed(self, condition: Clause) -> Clause:
        """The condition, asked of these assets only if they are few: the quicker way to a page."""
        return condition if self.many else self.all_of(condition)

    def all_of(self, condition: Clause) -> Clause:
        """The condition, asked of these assets only: the quicker way to all of them, as for counting."""
        return condition if self.among is None else self.among.and_(condition)


_TEXT = " || ".join(f"'{SEPARATOR}' || {field}_folded" for field in FIELDS) + f" || '{SEPARATOR}'"
TAKE_IN = f"""INSERT INTO asset_search (rowid, text) SELECT id, {_TEXT} FROM assets
               WHERE id > coalesce((SELECT rowid FROM asset_search ORDER BY rowid DESC LIMIT 1), 0)"""


async def take_in(connection: AsyncConnection) -> None:
    """Index the assets that were inserted since this was last called; part of the transaction that inserts them."""
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql(TAKE_IN)


def among_found(kind: str, column: ColumnElement[int], ids: SelectBase) -> ColumnElement[bool]:
    """Whether a column of ids is one of those that are found."""
    if kind == "sqlite":
        return column.in_(ids)
    # As an array PostgreSQL finds them first, and doesn't look each row up in the index instead.
    return column == any_(func.array(ids.scalar_subquery()))


def _assets(kind: str, asset_ids: AnySelect) -> ColumnElement[bool]:
    return among_found(kind, assets.c.id, asset_ids)


async def look(asks: Asking, name: str, wanted: Wanted, among: Among = _assets) -> Hits:
    """Ask the index for assets that have all that is wanted. It may find too many, and never too few.

    `among` makes the condition that a row is of these assets; slots in it begin with the name.
    """
    usable = _usable(wanted)
    if not usable:
        return Hits(MANY + 1, None)
    held = _among(asks.kind, name, usable, among)
    if asks.kind == "postgresql" and await _is_common(asks, usable):
        return Hits(MANY + 1, held)
    sizes, values = _sizes(usable), _slots(asks.kind, "text", usable)
    some = await asks.rows(("some", MANY, sizes), lambda: _counted(asks.kind, sizes, most=MANY + 1), values)
    return Hits(int(some[0][0]), held)


async def count(asks: Asking, text: str) -> int:
    """How many assets have a text that `is_exact`."""
    every = await asks.rows("every", lambda: _counted(asks.kind, (1,)), _slots(asks.kind, "text", ((text,),)))
    return int(every[0][0])


def is_exact(text: str) -> bool:
    """Whether the index finds the text exactly where the symbol, name or external id contains it."""
    return _indexed(text) and len(text) <= _LONGEST and SEPARATOR[0] not in text


def either(kind: str, name: str, text: str, wanted: Wanted) -> Hits:
    """The assets that have the text, or else all that is wanted; for what is known to be few."""
    return Hits(0, _among(kind, name, _usable([(text, *choice) for choice in wanted]), _assets))


def wanted_by(condition: Condition | None) -> Wanted:
    """What an asset's text must have for the condition to hold, as far as that can be said."""
    match condition:
        case Where(field, "contains", str(needle)) if field in FIELDS:
            return ((needle.casefold(),),)
        case Every(parts):
            return tuple(choice for part in parts for choice in wanted_by(part))
        case AnyOf(parts) if parts:
            choices = [wanted_by(part)[:1] for part in parts]
            return (tuple(dict.fromkeys(text for (choice,) in choices for text in choice)),) if all(choices) else ()
        case _:
            return ()


def sole_text(condition: Condition | None) -> str | None:
    """The text, if the condition is just that the symbol, name or external id contains it."""
    match condition:
        case Every((part,)):
            return sole_text(part)
        case AnyOf(parts):
            asked = {(where.field, where.operand) for where in parts if isinstance(where, Where)}
            texts = {operand.casefold() for _, operand in asked if isinstance(operand, str)}
            same = len(parts) == len(asked) and {field for field, _ in asked} == set(FIELDS) and len(texts) == 1
            contained = same and all(isinstance(where, Where) and where.operator == "contains" for where in parts)
            return texts.pop() if contained else None
        case _:
            return None


async def _is_common(asks: Asking, wanted: Wanted) -> bool:
    """Whether surely many assets have all that is wanted: PostgreSQL's planner says so, and a look at some of them."""
    sizes, values = _sizes(wanted), _slots(asks.kind, "text", wanted)
    [[guess]] = await asks.rows(("guess", sizes), lambda: _of_texts(_GUESS, sizes), values)
    [guessed] = orjson.loads(guess) if isinstance(guess, str) else guess
    if guessed["Plan"]["Plan Rows"] <= PERHAPS_MANY:
        return False
    sample = await asks.rows(("sample", sizes), lambda: _of_texts(_SAMPLE, sizes), values)
    return int(sample[0][0]) >= COMMON


def _of_texts(begun: str, sizes: Sizes) -> TextClause:
    """The statement that begins so, of the rows whose text has all that is wanted."""
    places = [[_place("text", n, m) for m in range(size)] for n, size in enumerate(sizes)]
    choices = (" OR ".join(f"text LIKE :{place} ESCAPE '!'" for place in choice) for choice in places)
    slots = (slot(place, Text()) for choice in places for place in choice)
    return sql(f"{begun}({') AND ('.join(choices)})").bindparams(*slots)


def _usable(wanted: Iterable[Choice]) -> Wanted:
    return tuple(choice for choice in wanted if all(map(_indexed, choice)))


def _indexed(text: str) -> bool:
    return len(text) >= _SHORTEST and storable(text)


def _among(kind: str, name: str, wanted: Wanted, among: Among) -> Clause:
    sizes = _sizes(wanted)
    return Clause((name, sizes), lambda: among(kind, _matching(kind, name, sizes)), _slots(kind, name, wanted))


def _counted(kind: str, sizes: Sizes, most: int | None = None) -> AnySelect:
    return select(func.count()).select_from(_matching(kind, "text", sizes).limit(most).subquery())


def _matching(kind: str, name: str, sizes: Sizes) -> AnySelect:
    """Ids of the assets whose text has all that is wanted."""
    if kind == "sqlite":
        return select(_index.c.rowid).where(_index.c.text.match(slot(name, Text())))
    held = (
        or_(*(_index.c.text.like(slot(_place(name, n, m), Text()), escape="!") for m in range(size)))
        for n, size in enumerate(sizes)
    )
    return select(_index.c.asset_id).where(and_(*held))


def _sizes(wanted: Wanted) -> Sizes:
    return tuple(map(len, wanted))


def _slots(kind: str, name: str, wanted: Wanted) -> dict[str, Any]:
    """What goes into the slots of that name."""
    if kind == "sqlite":
        return {name: _fts_query(wanted)}
    return {
        _place(name, n, m): literal_pattern(text[:_LONGEST])
        for n, choice in enumerate(wanted)
        for m, text in enumerate(choice)
    }


def _place(name: str, choice: int, text: int) -> str:
    return f"{name}_{choice}_{text}"


def _fts_query(wanted: Sequence[Choice]) -> str:
    """The same in FTS5's words, every text a quoted phrase, so that none of it is an operator."""
    return " AND ".join(f"({' OR '.join(_quoted(text[:_LONGEST]) for text in choice)})" for choice in wanted)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
