"""Who asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as far as they proved it: `name` is `api token`, `read token`, `this machine` or `anyone`.

    `address` is where the connection comes from, which may be a proxy.
    """

    name: str
    address: str
    may_read: bool
    may_mutate: bool
