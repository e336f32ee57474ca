"""`asOf`, the state at an earlier moment: announced, and refused until it can be answered truly."""

from datetime import datetime
from typing import Annotated

import strawberry

from graphql_schema.errors import bad_input
from graphql_schema.fields import given

AsOf = Annotated[
    datetime | None, strawberry.argument(description="The state at this moment. Not available yet: leave it out.")
]


def refuse_as_of(as_of: datetime | None) -> None:
    """Raises BAD_USER_INPUT where the argument is given: today's figures would be the wrong answer."""
    if given(as_of) is not None:
        raise bad_input("`asOf` is not available yet; leave it out for the state of now")
