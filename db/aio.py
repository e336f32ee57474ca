"""SQLAlchemy's connections for asyncio, without its sessions: those bring the ORM, a tenth of all importing."""

import sys
from importlib.util import find_spec, module_from_spec

_PACKAGE = "sqlalchemy.ext.asyncio"
_loaded_before = _PACKAGE in sys.modules
if not _loaded_before and (_spec := find_spec(_PACKAGE)):
    # The package without what its __init__ does, as long as one of its modules is imported.
    sys.modules[_PACKAGE] = module_from_spec(_spec)
try:
    from sqlalchemy.ext.asyncio.engine import AsyncConnection, AsyncEngine, create_async_engine
finally:
    if not _loaded_before:
        # Whoever imports the package later gets all that is in it, with these same classes.
        del sys.modules[_PACKAGE]

__all__ = ["AsyncConnection", "AsyncEngine", "create_async_engine"]
