"""Searching assets: what a needle finds, and how well each hit fits.

A hit's class is 0 for the symbol itself, 1 for the beginning of the symbol, 2 for the name or external id itself, 3
for the beginning of the name, 4 for the beginning of a word, 5 for anywhere in a text. One or two letters are looked
for at the beginning of a text only. Where all this finds few, a last class holds what has every word of the needle
(each of three letters or more), in any order and perhaps misspelt. Within a class the better rank comes first, then
the lower id.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Self

from sqlalchemy import Column, ColumnElement, Table, and_, case, false, func, or_, select

from db import filters, trigrams, words
from db.asking import NOTHING, Asking, Clause
from db.cursors import storable
from db.filters import Sought
from db.keyset import AnySelect, Classes, Locate
from db.tables import assets
from db.trigrams import SEPARATOR, Choice, Hits, Wanted

SHORT = 3
# With as many hits nobody is taken to have mistyped.
ENOUGH = 20
MOST_WORDS = 4
_SIZES = (1, 2, 4, words.MOST_CORRECTIONS + 1)
_LAST_LITERAL, _MISSPELT = 5, 6

# Symbol, name and key, each case-folded.
Texts = tuple[Column[str], Column[str], Column[str]]
_TEXTS: Texts = (assets.c.symbol_folded, assets.c.name_folded, assets.c.external_id_folded)


@dataclass(frozen=True, slots=True)
class Found:
    """What a needle finds: the condition for its hits in any order, and the classes to read the best of them by.

    `counted` is the same condition, for going through all of them; where they are just what has a `text`, that is it.
    """

    condition: Clause
    counted: Clause
    classes: tuple[Classes, ...] = ()
    text: str | None = None


How = Callable[[Sought, ColumnElement[str]], ColumnElement[bool]]
# Says what an index has of something that is wanted, in a condition whose slots begin with the name.
Look = Callable[[Asking, str, Wanted], Awaitable[Hits]]


class Subject(NamedTuple):
    """What is searched: rows with these texts, by an index of all of them, and by those of symbols and of names."""

    table: Table
    texts: Texts
    look: Look


ASSETS = Subject(assets, _TEXTS, trigrams.look)


@dataclass(frozen=True, slots=True)
class Needle:
    """What is looked for as statements have it, with its text left open. One or two letters are `short`."""

    text: Sought
    in_words: tuple[Sought, ...]
    short: bool

    @classmethod
    def of(cls, text: str, values: dict[str, Any]) -> Self:
        """What goes into the slots is put into `values`. Raises BadFilter for a text that is too long."""
        # What the database cannot hold finds nothing, so any text will do to sort that.
        kept = filters.check_needle(text) if storable(text) else ""
        in_words = tuple(
            Sought.of(f"needle_{name}", letter + kept, values) for name, letter in (("blank", " "), ("dash", "-"))
        )
        return cls(Sought.of("needle", kept, values), in_words, short=len(kept) < SHORT)


def needle_of(search: str) -> str:
    """What is looked for: the text without the blanks around it, whatever its case; nothing if that is empty."""
    return search.strip().casefold()


async def find(asks: Asking, text: str) -> Found:
    """Look a needle (not empty) up. Raises BadFilter for one that is too long."""
    found, count = await find_literally(asks, text)
    readings = await _readings(asks, text) if found.classes and count < ENOUGH else ()
    if not readings:
        return found
    literal, misspelt = _literal(text), _every_word(readings)
    more = await trigrams.look(asks, "read", readings)
    both = trigrams.either(asks.kind, "either", _occurrence(text), readings)
    every = literal.joined("or", misspelt, or_)
    others = misspelt.joined("but not", literal, lambda one, other: and_(one, ~other))
    last = Classes(_MISSPELT, _MISSPELT, _known(more.narrowed(others)))
    return Found(every if more.many else both.all_of(every), both.all_of(every), (*found.classes, last))


async def find_literally(asks: Asking, text: str, subject: Subject = ASSETS) -> tuple[Found, int]:
    """Look a needle up without making up for mistakes; says also about how many hits it has.

    Raises BadFilter for one that is too long.
    """
    if not storable(text):
        return Found(NOTHING, NOTHING), 0
    literal = _literal(text, subject.texts)
    occurrence: Choice = (_occurrence(text),)
    hits = await subject.look(asks, "any", (occurrence,))
    if hits.many:
        classes = tuple(_one_by_one(asks, text, {occurrence: hits}, subject))
        return Found(literal, hits.all_of(literal), classes, text if len(text) >= SHORT else None), hits.count
    condition = hits.narrowed(literal)
    return Found(condition, condition, (Classes(0, _LAST_LITERAL, _known(condition)),)), hits.count


def relevance(needle: Needle, texts: Texts = _TEXTS) -> ColumnElement[int]:
    """The class of a hit, for sorting."""
    fits = _fits(needle, texts)
    return case(*((fit, number) for number, fit in enumerate(fits)), else_=_MISSPELT)


def _fits(needle: Needle, texts: Texts) -> tuple[ColumnElement[bool], ...]:
    """What holds for each class of literal hits; a hit is in the first class that it fits."""
    (symbol, name, key), text = texts, needle.text
    begins_word = (word.is_in(column) for column in (name, key) for word in needle.in_words)
    return (
        text.is_all_of(symbol),
        text.begins(symbol),
        or_(text.is_all_of(name), text.is_all_of(key)),
        text.begins(name),
        or_(text.begins(key), *begins_word),
        or_(*map(text.is_in, texts)),
    )


def literally(needle: Needle, texts: Texts = _TEXTS) -> ColumnElement[bool]:
    """Whether a text has the needle in it; begins with it, where that has one letter or two."""
    return or_(*map(needle.text.begins if needle.short else needle.text.is_in, texts))


def _literal(text: str, texts: Texts = _TEXTS) -> Clause:
    values: dict[str, Any] = {}
    needle = Needle.of(text, values)
    return Clause(("literal", needle), lambda: literally(needle, texts), values)


def _occurrence(text: str) -> str:
    """What the index's text of every literal hit has."""
    return SEPARATOR + text if len(text) < SHORT else text


def _one_by_one(asks: Asking, text: str, known: dict[Choice, Hits], subject: Subject) -> Iterator[Classes]:
    """Each class on its own, by an index where that has few, and in the order of ranks where it has many.

    `known` is what the index of all texts was asked for already.
    """
    values: dict[str, Any] = {}
    needle = Needle.of(text, values)
    symbol, name, _ = subject.texts

    async def by_texts(name: str, place: Choice) -> Hits:
        if place not in known:
            known[place] = await subject.look(asks, name, (place,))
        return known[place]

    async def by_text(column: Column[str], how: How) -> Hits:
        return await _look_at(asks, subject.table, column.name, how, needle.text, values)

    ways = (
        partial(by_text, symbol, Sought.is_all_of),
        partial(by_text, symbol, Sought.begins),
        partial(by_texts, "whole", (f"{SEPARATOR}{text}{SEPARATOR}",)),
        partial(by_text, name, Sought.begins),
        partial(by_texts, "in_words", (SEPARATOR + text, *(() if needle.short else (f" {text}", f"-{text}")))),
        partial(by_texts, "any", (_occurrence(text),)),
    )
    # One or two letters are looked for at the beginning only, so that nothing is in the last class.
    for number, way in enumerate(ways[:-1] if needle.short else ways):
        condition = Clause(("class", number, needle), partial(_of_class, number, needle, subject.texts), values)
        yield Classes(number, number, _looked_up(way, condition))


async def _look_at(asks: Asking, table: Table, column: str, how: How, text: Sought, values: Mapping[str, Any]) -> Hits:
    """Ask the index of a single column."""
    other = table.alias("other")

    def ids() -> AnySelect:
        return select(other.c.id).where(how(text, other.c[column]))

    def some() -> AnySelect:
        return select(func.count()).select_from(ids().limit(trigrams.MANY + 1).subquery())

    shape = (table.name, column, how, text)
    rows = await asks.rows((shape, trigrams.MANY), some, values)
    among = Clause(shape, lambda: trigrams.among_found(asks.kind, table.c.id, ids()), values)
    return Hits(int(rows[0][0]), among)


def _of_class(number: int, needle: Needle, texts: Texts) -> ColumnElement[bool]:
    # What it must fit at least is seen sooner than that it fits nothing better. By a case, which no planner sees
    # through: it would read all that fit, and sort them. Of a case that is true or false itself, PostgreSQL expects
    # half of all rows, and walks; of one that equals a number, few.
    fits = and_(_fits(needle, texts)[number], literally(needle, texts))
    return case((fits, relevance(needle, texts) == number), else_=false())


def _known(condition: Clause) -> Locate:
    async def locate() -> Clause:
        return condition

    return locate


def _looked_up(way: Callable[[], Awaitable[Hits]], condition: Clause) -> Locate:
    async def locate() -> Clause | None:
        hits = await way()
        return hits.narrowed(condition) if hits.count else None

    return locate


async def _readings(asks: Asking, text: str) -> Wanted:
    """What each word of the needle may stand for; nothing where that would only find the needle itself again."""
    asked = words.split(text)
    if not 1 <= len(asked) <= MOST_WORDS or min(map(len, asked)) < SHORT:
        return ()
    meant = await words.corrections(asks, asked)
    readings = tuple(_padded(word, *(other for other in meant.get(word, ()) if other != word)) for word in asked)
    return readings if len(asked) > 1 or len(readings[0]) > 1 else ()


def _padded(*choice: str) -> Choice:
    """The texts, the last of them repeated, so that there are few sizes, and few shapes of statements."""
    size = next(each for each in _SIZES if each >= len(choice))
    return (*choice, *choice[-1:] * (size - len(choice)))


def _every_word(readings: Wanted) -> Clause:
    values: dict[str, Any] = {}
    choices = tuple(
        tuple(Sought.of(f"reading{n}_{m}", word, values) for m, word in enumerate(choice))
        for n, choice in enumerate(readings)
    )

    def build() -> ColumnElement[bool]:
        return and_(*(or_(*(word.is_in(text) for word in choice for text in _TEXTS)) for choice in choices))

    return Clause(choices, build, values)
