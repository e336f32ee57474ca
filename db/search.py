"""Searching assets: what a needle finds, and how well each hit fits.

A hit's class is 0 for the symbol itself, 1 for the beginning of the symbol, 2 for the name or external id itself, 3
for the beginning of the name, 4 for the beginning of a word, 5 for anywhere in a text. One or two letters are looked
for at the beginning of a text only. Where all this finds few, a last class holds what has every word of the needle
(each of three letters or more), in any order and perhaps misspelt. Within a class the better rank comes first, then
the lower id.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, false, or_, true

from db import filters, trigrams, words
from db.aio import AsyncConnection
from db.cursors import storable
from db.keyset import Classes, Locate
from db.tables import assets
from db.trigrams import SEPARATOR, Choice, Hits, Wanted

SHORT = 3
# With as many hits nobody is taken to have mistyped.
ENOUGH = 20
MOST_WORDS = 4
_LAST_LITERAL, _MISSPELT = 5, 6

# Symbol, name and key, each case-folded.
Texts = tuple[ColumnElement[str], ColumnElement[str], ColumnElement[str]]
_TEXTS: Texts = (assets.c.symbol_folded, assets.c.name_folded, assets.c.external_id_folded)


@dataclass(frozen=True, slots=True)
class Found:
    """What a needle finds: the condition for its hits in any order, and the classes to read the best of them by.

    `counted` is the same condition, for going through all of them; where they are just what has a `text`, that is it.
    """

    condition: ColumnElement[bool]
    counted: ColumnElement[bool]
    classes: tuple[Classes, ...] = ()
    text: str | None = None


class Subject(NamedTuple):
    """What is searched: rows with these texts, by what the index says of something that is wanted."""

    texts: Texts
    look: Callable[[AsyncConnection, Wanted], Awaitable[Hits]]


ASSETS = Subject(_TEXTS, trigrams.look)


def needle_of(search: str) -> str:
    """What is looked for: the text without the blanks around it, whatever its case; nothing if that is empty."""
    return search.strip().casefold()


async def find(connection: AsyncConnection, needle: str) -> Found:
    """Look a needle (not empty) up. Raises BadFilter for one that is too long."""
    found, count = await find_literally(connection, needle)
    readings = await _readings(connection, needle) if found.classes and count < ENOUGH else ()
    if not readings:
        return found
    literal, misspelt = literally(needle), _every_word(readings)
    more = await trigrams.look(connection, readings)
    either, both = or_(literal, misspelt), trigrams.either(connection, _occurrence(needle), readings)
    last = Classes(_MISSPELT, _MISSPELT, _known(more.narrowed(and_(misspelt, ~literal))))
    return Found(either if more.many else both.all_of(either), both.all_of(either), (*found.classes, last))


async def find_literally(connection: AsyncConnection, needle: str, subject: Subject = ASSETS) -> tuple[Found, int]:
    """Look a needle up without making up for mistakes; says also about how many hits it has.

    Raises BadFilter for one that is too long.
    """
    if not storable(needle):
        return Found(false(), false()), 0
    literal = literally(needle, subject.texts)
    occurrence: Choice = (_occurrence(needle),)
    hits = await subject.look(connection, (occurrence,))
    if hits.many:
        text = needle if len(needle) >= SHORT else None
        classes = tuple(_one_by_one(needle, {occurrence: hits}, subject))
        return Found(literal, hits.all_of(literal), classes, text), hits.count
    condition = hits.narrowed(literal)
    return Found(condition, condition, (Classes(0, _LAST_LITERAL, _known(condition)),)), hits.count


def relevance(needle: str, texts: Texts = _TEXTS) -> ColumnElement[int]:
    """The class of a hit, for sorting."""
    # What the database cannot hold finds nothing, so any text will do to order that.
    text = needle if storable(needle) else ""
    fits = _fits(text, texts)
    return case(*((fit, number) for number, fit in enumerate(fits)), else_=_MISSPELT)


def _fits(text: str, texts: Texts = _TEXTS) -> tuple[ColumnElement[bool], ...]:
    """What holds for each class of literal hits; a hit is in the first class that it fits."""
    symbol, name, key = texts
    return (
        symbol == text,
        filters.starts_with(symbol, text),
        or_(name == text, key == text),
        filters.starts_with(name, text),
        or_(filters.starts_with(key, text), *_begins_word(text, (name, key))),
        _anywhere(text, texts),
    )


def literally(needle: str, texts: Texts = _TEXTS) -> ColumnElement[bool]:
    """Whether a text has the needle in it; begins with it, where that has one letter or two. Raises BadFilter."""
    if not storable(needle):
        return false()
    if len(filters.check_needle(needle)) < SHORT:
        return or_(*(filters.starts_with(text, needle) for text in texts))
    return _anywhere(needle, texts)


def _occurrence(needle: str) -> str:
    """What the index's text of every literal hit has."""
    return SEPARATOR + needle if len(needle) < SHORT else needle


def _anywhere(needle: str, texts: Texts = _TEXTS) -> ColumnElement[bool]:
    return or_(*(filters.contains(text, needle) for text in texts))


def _begins_word(needle: str, texts: Sequence[ColumnElement[str]]) -> list[ColumnElement[bool]]:
    return [filters.contains(text, before + needle) for text in texts for before in (" ", "-")]


def _one_by_one(needle: str, known: dict[Choice, Hits], subject: Subject) -> Iterator[Classes]:
    """Each class on its own, by the index where that has few, and in the order of ranks where it has many.

    `known` is what the index was asked for already.
    """
    best, literal = relevance(needle, subject.texts), literally(needle, subject.texts)
    for number, (place, fit) in enumerate(zip(_places(needle), _fits(needle, subject.texts), strict=False)):
        # What it must fit at least is seen sooner than that it fits nothing better. By a case, which no planner sees
        # through: it would read all that fit, and sort them.
        condition = case((and_(fit, literal), best)) == number
        yield Classes(number, number, _looked_up(place, condition, known, subject))


def _known(condition: ColumnElement[bool]) -> Locate:
    async def locate(_: AsyncConnection) -> ColumnElement[bool]:
        return condition

    return locate


def _looked_up(place: Choice, condition: ColumnElement[bool], known: dict[Choice, Hits], subject: Subject) -> Locate:
    async def locate(connection: AsyncConnection) -> ColumnElement[bool] | None:
        if place not in known:
            known[place] = await subject.look(connection, (place,))
        hits = known[place]
        return hits.narrowed(condition) if hits.count else None

    return locate


def _places(needle: str) -> list[Choice]:
    """What the index's text of the hits of each class has."""
    whole, beginning = (f"{SEPARATOR}{needle}{SEPARATOR}",), (SEPARATOR + needle,)
    if len(needle) < SHORT:
        return [whole, beginning, whole, beginning, beginning]
    return [whole, beginning, whole, beginning, (f" {needle}", f"-{needle}", *beginning), (needle,)]


async def _readings(connection: AsyncConnection, needle: str) -> Wanted:
    """What each word of the needle may stand for; nothing where that would only find the needle itself again."""
    asked = words.split(needle)
    if not 1 <= len(asked) <= MOST_WORDS or min(map(len, asked)) < SHORT:
        return ()
    meant = await words.corrections(connection, asked)
    readings = tuple((word, *(other for other in meant.get(word, ()) if other != word)) for word in asked)
    return readings if len(asked) > 1 or len(readings[0]) > 1 else ()


def _every_word(readings: Wanted) -> ColumnElement[bool]:
    return and_(true(), *(or_(*(_anywhere(word) for word in choice)) for choice in readings))
