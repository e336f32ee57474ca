"""Whether clients written against one schema still work against another.

`python -m graphql_schema.compatibility` compares today's schema with that of the last release, which is kept in
released.graphql. Exit code 1 and a list where something would break.
"""

import sys
from pathlib import Path

from graphql import DangerousChangeType, build_schema, find_breaking_changes, find_dangerous_changes

from graphql_schema.schema import print_sdl

RELEASED = Path(__file__).with_name("released.graphql")
HOW_TO_GO_ON = """\
Clients of the last release would break. Rather add a field beside the old one, deprecate the old one, and remove
it a release later. If it has to be: say so in CHANGELOG.md under Changed, and take today's schema for the released
one with `make release-schema`."""
# A new enum value or optional argument is what growing looks like; another default changes what old queries mean.
_CHANGES_MEANING = {
    DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE,
    DangerousChangeType.INPUT_FIELD_DEFAULT_VALUE_CHANGE,
}


def broken(old_sdl: str, new_sdl: str) -> list[str]:
    """What clients of the old schema would stumble over, as sentences; empty where all is well."""
    old, new = build_schema(old_sdl), build_schema(new_sdl)
    breaking = [change.description for change in find_breaking_changes(old, new)]
    dangerous = [change for change in find_dangerous_changes(old, new) if change.type in _CHANGES_MEANING]
    return breaking + [change.description for change in dangerous]


def main() -> int:
    changes = broken(RELEASED.read_text("utf-8"), print_sdl())
    if changes:
        sys.stderr.write("\n".join(f"- {change}" for change in changes) + f"\n\n{HOW_TO_GO_ON}\n")
    return 1 if changes else 0


if __name__ == "__main__":
    sys.exit(main())
