"""Mutations are for those who may, and each attempt is told in the log: who, what, and what came of it."""

from collections.abc import Mapping
from typing import Any

import structlog
from graphql import GraphQLError
from strawberry import UNSET
from strawberry.extensions.field_extension import AsyncExtensionResolver, FieldExtension
from strawberry.types import Info

from graphql_schema.context import Context
from graphql_schema.errors import unauthenticated

LONGEST_ARGUMENT = 200
_log = structlog.get_logger()


class Guarded(FieldExtension):
    """Refuses callers who may not change things, and writes `graphql.mutation` for every call.

    Outcome: `ok`, the codes of the expected failures, the code of an error, or `failed` (the log has the exception).
    """

    async def resolve_async(  # type: ignore[override]  # arguments may have any name, `source` is one
        self, next_: AsyncExtensionResolver, root: Any, info: Info[Context, None], /, **kwargs: Any
    ) -> Any:
        caller = info.context.caller
        outcome = "failed"
        try:
            if not caller.may_mutate:
                raise unauthenticated()
            answer = await next_(root, info, **kwargs)
            outcome = " ".join(error.code for error in answer.errors) or "ok"
        except GraphQLError as error:
            outcome = str((error.extensions or {}).get("code", outcome))
            raise
        finally:
            _log.info(
                "graphql.mutation",
                mutation=info.field_name,
                arguments=_told(kwargs),
                caller=caller.name,
                address=caller.address,
                outcome=outcome,
            )
        return answer


def _told(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The arguments that were given, each in short."""
    return {name: str(value)[:LONGEST_ARGUMENT] for name, value in arguments.items() if value is not UNSET}
