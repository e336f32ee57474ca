"""The words that assets are called by, kept so that a misspelt one can be told from a known one.

A word of five letters or more may have one mistake, from nine letters on two: a letter wrong, missing, too many, or
two neighbours swapped. Of the known words only the nearest count, and a right first letter counts for something.
Words are never forgotten: one that no asset has any more leads to nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Self

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import Integer, Select, and_, select, union_all

from db.aio import AsyncConnection
from db.asking import Asking
from db.bulk import BulkInsert, slices
from db.filters import Sought
from db.prepared import slot
from db.tables import asset_words
from db.turns import made

SHORTEST, LONGEST = 3, 32
# From these lengths on one mistake, or two, are made up for.
ONE_MISTAKE, TWO_MISTAKES = 5, 9
MOST_CORRECTIONS = 5
# Of each length, and for each end of the word that is taken to be right.
_MOST_COMPARED = 1000

# Looked through together: each look costs more than a text.
_TEXTS_AT_ONCE = 50

_WORD = re.compile(r"[^\W_]+")
_LEARN = BulkInsert(asset_words, ("length", "word", "reversed"), "ON CONFLICT DO NOTHING")


def split(text: str) -> list[str]:
    """The words of a case-folded text: letters and digits, whatever stands between them."""
    return _WORD.findall(text)


async def learn(connection: AsyncConnection, texts: Iterable[str]) -> None:
    """Remember the words of texts; case does not matter."""
    found = set().union(*await made(_WORD.findall(" ".join(some).casefold()) for some in slices(texts, _TEXTS_AT_ONCE)))
    # In order, so that two writers who learn the same words can't wait for each other.
    kept = sorted(await made((len(word), word, word[::-1]) for word in found if _is_kept(word)))
    for some in slices(kept):
        await _LEARN.run(connection, some)


async def corrections(asks: Asking, words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """What each of the words may have been meant to be: known words, the word itself among them."""
    asked = [word for word in dict.fromkeys(words) if ONE_MISTAKE <= len(word) <= LONGEST]
    if not asked:
        return {}
    values: dict[str, Any] = {}
    near = tuple(_Near.of(f"word{n}", word, values) for n, word in enumerate(asked))
    rows = await asks.rows(near, lambda: union_all(*(part for each in near for part in each.parts())), values)
    known = sorted({row[0] for row in rows})
    return {word: _nearest(word, known) for word in asked}


def distance(word: str, other: str, most: int) -> int | None:
    """How many mistakes lie between two words, None for more than `most`: letters changed, added, left out, or swapped
    with their neighbour (no letter touched twice)."""
    found = OSA.distance(word, other, score_cutoff=most)
    return found if found <= most else None


def _is_kept(word: str) -> bool:
    return SHORTEST <= len(word) <= LONGEST and not word.isdigit()


def _most_mistakes(word: str) -> int:
    return 2 if len(word) >= TWO_MISTAKES else 1


@dataclass(frozen=True, slots=True)
class _Near:
    """Known words of about a word's length that begin or end like it.

    One mistake leaves either the first half right, or what lies behind the letter after it; two leave the first or
    the last third right, unless one is in each.
    """

    most: int
    begin: Sought
    end: Sought
    lengths: tuple[str, ...]

    @classmethod
    def of(cls, name: str, word: str, values: dict[str, Any]) -> Self:
        """Names of slots begin with the name; what goes into them is put into `values`."""
        most = _most_mistakes(word)
        begin = len(word) // (most + 1)
        end = begin if most > 1 else len(word) - begin - 1
        lengths = {f"{name}_length{n}": len(word) + n for n in range(-most, most + 1)}
        values |= lengths
        begins = Sought.of(f"{name}_begin", word[:begin], values)
        return cls(most, begins, Sought.of(f"{name}_end", word[::-1][:end], values), tuple(lengths))

    def parts(self) -> list[Select[str]]:
        lengths = asset_words.c.length.in_([slot(name, Integer()) for name in self.lengths])
        alike = (self.begin.begins(asset_words.c.word), self.end.begins(asset_words.c.reversed))
        most = _MOST_COMPARED * len(self.lengths)
        limited = (select(asset_words.c.word).where(and_(lengths, one)).limit(most) for one in alike)
        return [select(part.subquery().c.word) for part in limited]


def _nearest(word: str, known: Sequence[str]) -> tuple[str, ...]:
    near = process.extract(word, known, scorer=OSA.distance, score_cutoff=_most_mistakes(word), limit=None)
    found = sorted((int(mistakes), other[0] != word[0], other) for other, mistakes, _ in near)
    itself = [other for mistakes, _, other in found if mistakes == 0]
    others = groupby((each for each in found if each[0]), key=lambda each: each[:2])
    nearest = [other for _, _, other in next(others)[1]] if found[len(itself) :] else []
    return (*itself, *nearest[:MOST_CORRECTIONS])
