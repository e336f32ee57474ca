"""Runs and leases: one worker a source, every end recorded, no epoch given twice."""

from db.enums import ACTIVE
from db.verify.invariant import Invariant, Sql

_ACTIVE = ", ".join(f"'{status.value}'" for status in ACTIVE)

ACTIVE_RUNS = Invariant(
    3,
    "more than one active run a source",
    [
        Sql(
            f"""SELECT source, count(*) AS active, min(id) AS first_run_id, max(id) AS last_run_id FROM etl_runs
                WHERE status IN ({_ACTIVE}) GROUP BY source HAVING count(*) > 1""",
            past_indexes=True,
        )
    ],
)

UNFINISHED_ENDS = Invariant(
    11,
    "ended run without finish time",
    [
        Sql(
            f"""SELECT source, id AS run_id, status FROM etl_runs
                WHERE status NOT IN ({_ACTIVE}) AND run_finished_at IS NULL"""
        )
    ],
)

SHARED_EPOCHS = Invariant(
    12,
    "two runs with one epoch",
    [
        Sql(
            """SELECT source, epoch, count(*) AS runs, min(id) AS first_run_id, max(id) AS last_run_id FROM etl_runs
               WHERE epoch IS NOT NULL GROUP BY source, epoch HAVING count(*) > 1""",
            past_indexes=True,
        )
    ],
)

# A lease that ran out is noticed by the next server within a second, by the next command when it starts. Until
# another lease's time has passed (`:lapsed_before`) nobody is at fault: its process may have died a moment ago.
# After that the run is held by nobody, and a server that should have noticed is not there or does not look.
UNHELD_RUNS = Invariant(
    16,
    "running run without a live lease of its epoch",
    [
        Sql(
            """SELECT r.source, r.id AS run_id, r.epoch, l.epoch AS lease_epoch, l.expires_at
               FROM etl_runs r LEFT JOIN etl_leases l ON l.source = r.source
               WHERE r.status = 'running'
                 AND (r.epoch IS NULL OR l.epoch IS NULL OR l.epoch <> r.epoch
                      OR l.expires_at IS NULL OR l.expires_at < :lapsed_before)"""
        )
    ],
)

INVARIANTS = (ACTIVE_RUNS, UNFINISHED_ENDS, SHARED_EPOCHS, UNHELD_RUNS)
