"""What the graph needs from the process around it, stated as a protocol that `app` fulfils."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from db.checkpoints import Checkpoint
from db.enums import RunMode
from db.runs import Run


@dataclass(frozen=True, slots=True)
class Problem:
    """An expected failure, as data: a constant code, a sentence for people, and the argument it is about."""

    code: str
    message: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TriggerAnswer:
    """Which runs a trigger started, which were active already, and what could not be asked for."""

    started: list[Run] = field(default_factory=list)
    already_active: list[Run] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source as this process runs it. `schedule` is the configured cron line or interval, None when off."""

    name: str
    enabled: bool
    schedule: str | None
    next_run_at: datetime | None


class HealthLevel(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Whether the service can be relied on, with the reasons when it cannot entirely."""

    status: HealthLevel
    database: bool
    scheduler_running: bool
    version: str
    reasons: list[str]


class Operations(Protocol):
    """The running process, as far as the graph can see and steer it."""

    def source_states(self) -> list[SourceState]:
        """Every known source in a fixed order, enabled or not."""
        ...

    async def health(self) -> HealthReport: ...

    async def trigger(self, source: str | None, mode: RunMode, idempotency_key: str | None) -> TriggerAnswer:
        """Ask for a run of one source, or of all enabled ones; answers once the runs are recorded."""
        ...

    async def replay(self, source: str | None, ids: Sequence[str] | None) -> TriggerAnswer:
        """Ask for replays: of a source's quarantine, of all, or of the records with these global ids."""
        ...

    async def pause(self, source: str) -> Problem | None:
        """Let nothing start the source until it is resumed; pausing twice is pausing once."""
        ...

    async def resume(self, source: str) -> Problem | None: ...

    async def reset_checkpoint(self, source: str) -> Checkpoint | Problem:
        """Give up what a source's window has come to; the next run reads it from the start."""
        ...

    async def cancel(self, run_id: int) -> Run | Problem:
        """Ask an active run to end."""
        ...

    async def link_assets(self, asset_ids: Sequence[int], reason: str) -> int | Problem:
        """Take assets for one coin, and keep to that; the row id of the coin."""
        ...

    async def unlink_asset(self, asset_id: int, reason: str) -> int | Problem:
        """Take an asset away from its coin, and keep to that; the row id of the coin it is now."""
        ...

    async def keep_apart(self, asset_ids: Sequence[int], reason: str) -> int | Problem:
        """Let no evidence make one coin of assets; the row id of the first one's coin."""
        ...

    async def undo_link(self) -> int | Problem:
        """Take back the last linking or unlinking; the row id of a coin that this is about."""
        ...
