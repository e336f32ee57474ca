"""The journal: one append-only row a batch. It is what makes a loss provable."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import insert

from db.aio import AsyncConnection
from db.checkpoints import Checkpoint
from db.clock import now
from db.enums import Outcome
from db.tables import OUTCOME_COUNTS, batches


def tally(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Counts by outcome, one for every counter column."""
    counted = Counter(outcomes)
    return {name: counted[Outcome[name.upper()]] for name in OUTCOME_COUNTS}


async def append(
    connection: AsyncConnection,
    before: Checkpoint,
    outcomes: Sequence[Outcome],
    *,
    run_id: int,
    epoch: int,
    raw_inserted: int,
    last_record_id: str,
) -> None:
    """Journal a batch that starts where the checkpoint stands. One letter of `outcomes` per record."""
    await connection.execute(
        insert(batches).values(
            source=before.source, window_id=before.window_id, sequence=before.sequence + 1, run_id=run_id,
            epoch=epoch, from_position=before.position, to_position=before.position + len(outcomes),
            seen=len(outcomes), raw_inserted=raw_inserted, outcomes="".join(outcomes),
            last_record_id=last_record_id, committed_at=now(), **tally(outcomes),
        )
    )  # fmt: skip
