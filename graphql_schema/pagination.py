"""Relay's connections: pages of a list, with cursors to go on from."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Generic, TypeVar

import strawberry

from db.keyset import Page, Slice
from graphql_schema import scalars
from graphql_schema.errors import bad_input
from graphql_schema.fields import described, given

DEFAULT_SIZE = 50
MAX_SIZE = 100

T = TypeVar("T")

First = Annotated[int | None, strawberry.argument(description="How many from the start: 1 to 100, by default 50.")]
After = Annotated[str | None, strawberry.argument(description="Only what comes behind this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the end: 1 to 100. Not with `first`.")]
Before = Annotated[str | None, strawberry.argument(description="Only what comes before this cursor.")]


@dataclass(frozen=True, slots=True)
class Entries(Generic[T]):
    """A page of nodes; `cursor` gives the cursor of the nth."""

    nodes: list[T] = field(default_factory=list)
    cursor: Callable[[int], str] = str
    has_next: bool = False
    has_previous: bool = False

    @classmethod
    def of(cls, page: Page, nodes: list[T]) -> "Entries[T]":
        """The nodes made of a page's rows."""
        return cls(nodes, lambda n: page.cursor(page.rows[n]), page.has_next, page.has_previous)


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = strawberry.field(description="Whether the list goes on behind this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list has something before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the page's first entry; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the page's last entry; null on an empty page.")


@strawberry.type(description="One entry of a list.")
class Edge(Generic[T]):
    """Relay's edge."""

    cursor: str = strawberry.field(description="Where the entry lies: opaque, for `after` and `before`.")
    node: T = strawberry.field(description="The entry itself.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """Relay's connection. `count` is asked only when `totalCount` is selected."""

    entries: strawberry.Private[Entries[T]]
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @described("The page's entries, with their cursors.")
    def edges(self) -> list[Edge[T]]:
        return [Edge(cursor=self.entries.cursor(n), node=node) for n, node in enumerate(self.entries.nodes)]

    @described("The page's entries.")
    def nodes(self) -> list[T]:
        return self.entries.nodes

    @described("Where the page lies in the list.")
    def page_info(self) -> PageInfo:
        found = self.entries
        return PageInfo(
            has_next_page=found.has_next,
            has_previous_page=found.has_previous,
            start_cursor=found.cursor(0) if found.nodes else None,
            end_cursor=found.cursor(len(found.nodes) - 1) if found.nodes else None,
        )

    @described("How long the whole list is. Costs only when asked for.")
    async def total_count(self) -> int:
        return scalars.count(await self.count())


def slice_of(first: int | None, after: str | None, last: int | None, before: str | None) -> Slice:
    """What the arguments ask for. `before` alone asks for the page just before it. Raises BAD_USER_INPUT."""
    first, after, last, before = given(first), given(after), given(last), given(before)
    if first is not None and last is not None:
        raise bad_input("give `first` or `last`, not both")
    for name, value in (("first", first), ("last", last)):
        if value is not None and not 1 <= value <= MAX_SIZE:
            raise bad_input(f"`{name}` must be 1 to {MAX_SIZE}")
    backward = last is not None or (first is None and after is None and before is not None)
    return Slice(first or last or DEFAULT_SIZE, backward=backward, after=after, before=before)


def wants_page(selected: frozenset[str]) -> bool:
    """Whether more than `totalCount` is selected."""
    return not selected <= {"totalCount", "__typename"}


def wants_both_ends(selected: frozenset[str], wanted: Slice) -> bool:
    """Whether it matters what lies at the side that the page was not walked to."""
    return ("pageInfo.hasNextPage" if wanted.backward else "pageInfo.hasPreviousPage") in selected
