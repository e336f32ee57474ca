"""Who asks, so that a page can tell what it may offer."""

from typing import Self

import strawberry

from graphql_schema.caller import Caller


@strawberry.type(description="Who you are to the service, by what you showed.")
class Viewer:
    """See caller.Caller."""

    name: str = strawberry.field(description="`api token`, `read token`, `this machine` or `anyone`.")
    may_change: bool = strawberry.field(description="Whether mutations are carried out for you.")

    @classmethod
    def from_caller(cls, caller: Caller) -> Self:
        return cls(name=caller.name, may_change=caller.may_mutate)
