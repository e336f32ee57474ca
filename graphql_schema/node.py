"""Whatever has a global id."""

import strawberry


@strawberry.interface(description="An object that can be fetched again by its id, with `node`.")
class Node:
    """Relay's object identification."""

    id: strawberry.ID = strawberry.field(description="Its global id: opaque, and unique over all types.")
