"""Words everyone shares; stored as lower-case text."""

from enum import StrEnum


class RunStatus(StrEnum):
    """Where a run stands. The first two are active; a source has at most one active run."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"


ACTIVE = (RunStatus.QUEUED, RunStatus.RUNNING)


class RunMode(StrEnum):
    """What a run reads: what changed, everything from the start, or the quarantine."""

    INCREMENTAL = "incremental"
    FULL = "full"
    REPLAY = "replay"


class RunTrigger(StrEnum):
    """Who asked for a run."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    STARTUP = "startup"
    CLI = "cli"


class RunEventKind(StrEnum):
    """What happened to a run."""

    QUEUED = "queued"
    MODE_CHANGED = "mode_changed"
    STARTED = "started"
    PAGE_STAGED = "page_staged"
    PLANNED = "planned"
    BATCH_LOADED = "batch_loaded"
    CANCEL_REQUESTED = "cancel_requested"
    ANOMALY = "anomaly"
    ENDED = "ended"
    ABANDONED = "abandoned"


class WindowState(StrEnum):
    """A pass over a source: still being worked on, finished, or given up for a newer one."""

    OPEN = "open"
    CLOSED = "closed"
    SUPERSEDED = "superseded"


class CircuitState(StrEnum):
    """Whether an upstream is asked (closed), left alone (open), or being probed (half open)."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Outcome(StrEnum):
    """What became of one record of a window; one letter each, kept in the journal in position order."""

    INSERTED = "i"
    UPDATED = "u"
    UNCHANGED = "n"
    STALE = "s"
    MISSING = "m"
    QUARANTINED = "q"
