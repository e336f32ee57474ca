"""What can go wrong on the floor, in our words. Driver errors are translated here, those of
PostgreSQL's in `db/postgresql`, and nowhere else.

DatabaseError
├── DatabaseUnavailable   cannot be reached, opened or written; worth trying again later
├── SchemaBehind          the tables are older than the code: run `kasparro db upgrade`
├── Fenced                another process took the source over; nothing of this transaction may be kept
└── LeaseHeld             another process is working on the source
InvalidCursor             a page cursor that is malformed or was taken under another order or filter
CursorExpired             a cursor of a log whose next events are forgotten
HistoryForgotten          a moment of which nothing is kept any more
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

# PostgreSQL's SQLSTATE classes of trouble that is not ours and may pass: connection, resources, operator, system,
# rollback (deadlock), lock, read-only, missing database, refused login.
PASSING_STATES = ("08", "53", "57P", "58", "40", "55P", "25006", "3D000", "28")


class DatabaseError(Exception):
    """Base of this folder's errors."""


class DatabaseUnavailable(DatabaseError):
    """The database cannot be reached, opened or written."""


class SchemaBehind(DatabaseError):
    """The database's tables are not at the revision this code needs. Run `kasparro db upgrade`."""


class Fenced(DatabaseError):
    """Another process took this source over; this one must write nothing more for it."""


class LeaseHeld(DatabaseError):
    """Another process is working on this source."""


class InvalidCursor(ValueError):
    """The cursor is malformed, or was taken under another order or filter."""


class CursorExpired(Exception):
    """What follows the cursor is no longer kept."""


class HistoryForgotten(Exception):
    """What was believed at that moment is no longer kept."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn driver errors into ours. SQL, parameters and connection details stay in the cause."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise DatabaseUnavailable(f"database unavailable: {first_line(cause)}") from error
    except exc.DBAPIError as error:
        if type(error) is exc.DatabaseError:
            # sqlite3's own word for a file that is damaged, or no database at all.
            raise DatabaseUnavailable(f"database unusable: {first_line(error.orig or error)}") from error
        state = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or "")
        if error.connection_invalidated or is_passing(state):
            raise DatabaseUnavailable(f"database unavailable: {first_line(error.orig or error)}") from error
        raise


def is_passing(sqlstate: str) -> bool:
    """Whether this is no fault of ours and may be over later."""
    return sqlstate.startswith(PASSING_STATES)


def first_line(error: BaseException) -> str:
    """What kind of error and the beginning of what it says."""
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else ""
    return f"{type(error).__name__}: {text}"[:200]
