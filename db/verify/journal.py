"""The journal against everything it must agree with: windows, checkpoints, counters, stored rows, itself.

Retention forgets whole windows. Up to the run `etl_sources.retained_after` nothing is asked of a journal that may be
gone; from there on everything is.
"""

from db.enums import Outcome
from db.tables import OUTCOME_COUNTS
from db.verify.invariant import Invariant, Sql

_COUNTERS = ("seen", *OUTCOME_COUNTS)
_RUN_COUNTERS = {"seen": "records_processed"} | {name: name for name in OUTCOME_COUNTS}
_LETTERS = {name: Outcome[name.upper()].value for name in OUTCOME_COUNTS}


def _times(letter: str) -> str:
    return f"length(outcomes) - length(replace(outcomes, '{letter}', ''))"


def _unknown_letters() -> str:
    """What is left of the outcomes without all letters that mean something."""
    left = "outcomes"
    for letter in _LETTERS.values():
        left = f"replace({left}, '{letter}', '')"
    return left


_BATCHES = "etl_batches b LEFT JOIN etl_sources s ON s.source = b.source"
_BATCH_IS_KEPT = "(s.retained_after IS NULL OR b.run_id > s.retained_after)"
_WINDOWS = """etl_windows w LEFT JOIN etl_sources s ON s.source = w.source
    LEFT JOIN (SELECT window_id, max(id) AS id FROM etl_runs GROUP BY window_id) AS last_run
    ON last_run.window_id = w.id"""
_WINDOW_IS_KEPT = "(s.retained_after IS NULL OR last_run.id IS NULL OR last_run.id > s.retained_after)"

GAPS = Invariant(
    4,
    "journal gap or overlap",
    [
        Sql(
            f"""SELECT source, window_id, sequence, from_position, expected FROM (
                   SELECT b.source, b.window_id, b.sequence, b.from_position,
                          coalesce(lag(b.to_position) OVER journal, 0) AS expected,
                          row_number() OVER journal AS place
                   FROM {_BATCHES} WHERE {_BATCH_IS_KEPT}
                   WINDOW journal AS (PARTITION BY b.source, b.window_id ORDER BY b.sequence, b.id)) AS batches
               WHERE from_position <> expected OR sequence <> place"""
        )
    ],
)

# The sum of `seen` and the last position are two things: a batch that is there twice spoils only the first.
# Windows that were given up or are being worked on may stop short of their plan, but never go beyond it. What may
# be forgotten ends with a window, so that no window is half forgotten.
PLANS = Invariant(
    5,
    "closed window whose journal does not add up to its plan",
    [
        Sql(
            f"""SELECT w.source, w.id AS window_id, w.state, w.planned, coalesce(j.seen, 0) AS journaled,
                      coalesce(j.reached, 0) AS reached
               FROM {_WINDOWS}
               LEFT JOIN (SELECT window_id, CAST(sum(seen) AS BIGINT) AS seen, max(to_position) AS reached
                          FROM etl_batches GROUP BY window_id) AS j ON j.window_id = w.id
               WHERE {_WINDOW_IS_KEPT}
                 AND ((w.state = 'closed' AND (w.planned IS NULL OR w.planned <> coalesce(j.seen, 0)
                                               OR w.planned <> coalesce(j.reached, 0)))
                      OR coalesce(j.reached, 0) > coalesce(w.planned, 0))"""
        ),
        Sql(
            """SELECT r.source, r.id AS run_id, r.status, w.id AS window_id, w.state
               FROM etl_runs r JOIN etl_windows w ON w.id = r.window_id
               WHERE r.status = 'success' AND w.state <> 'closed'"""
        ),
        Sql(
            """SELECT s.source, s.retained_after, 'not the last run of a finished window' AS problem FROM etl_sources s
               LEFT JOIN etl_runs r ON r.id = s.retained_after AND r.source = s.source
               LEFT JOIN etl_windows w ON w.id = r.window_id
               WHERE s.retained_after IS NOT NULL
                 AND (w.closed_at IS NULL
                      OR EXISTS (SELECT 1 FROM etl_runs n WHERE n.window_id = w.id AND n.id > s.retained_after))"""
        ),
    ],
)

# Batch ids rise in the order of commits: the fence holds the source's lease row from before the id is drawn.
EPOCHS = Invariant(
    6,
    "epoch falling along the journal",
    [
        Sql(
            """SELECT source, id AS batch_id, epoch, previous_epoch FROM (
                   SELECT source, id, epoch, lag(epoch) OVER (PARTITION BY source ORDER BY id) AS previous_epoch
                   FROM etl_batches) AS batches
               WHERE epoch < previous_epoch"""
        ),
        Sql(
            """SELECT b.source, b.id AS batch_id, b.epoch, b.run_id, r.epoch AS run_epoch
               FROM etl_batches b JOIN etl_runs r ON r.id = b.run_id
               WHERE r.epoch IS NULL OR r.epoch <> b.epoch"""
        ),
        Sql(
            """SELECT r.source, max(r.epoch) AS last_run_epoch, max(coalesce(l.epoch, 0)) AS lease_epoch
               FROM etl_runs r LEFT JOIN etl_leases l ON l.source = r.source
               GROUP BY r.source HAVING max(r.epoch) > max(coalesce(l.epoch, 0))"""
        ),
    ],
)

_COUNTED = ", ".join(f"r.{name}" for name in _RUN_COUNTERS.values())
_JOURNALED = ", ".join(f"coalesce(j.{name}, 0) AS journaled_{name}" for name in _COUNTERS)
_SUMS = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in _COUNTERS)
_DIFFERENT = " OR ".join(f"r.{mine} <> coalesce(j.{name}, 0)" for name, mine in _RUN_COUNTERS.items())
# The second question asks the same of the totals that are kept of ended runs.
COUNTERS = Invariant(
    7,
    "a run's records_processed and counts differ from the sum of its journal",
    [
        Sql(
            f"""SELECT r.source, r.id AS run_id, {_COUNTED}, {_JOURNALED}
                FROM etl_runs r LEFT JOIN etl_sources s ON s.source = r.source
                LEFT JOIN (SELECT run_id, {_SUMS} FROM etl_batches GROUP BY run_id) AS j ON j.run_id = r.id
                WHERE (s.retained_after IS NULL OR r.id > s.retained_after) AND ({_DIFFERENT})"""
        ),
        Sql(
            """SELECT source, status, CAST(sum(runs) AS BIGINT) AS runs, CAST(sum(run_count) AS BIGINT) AS run_count,
                      CAST(sum(records) AS BIGINT) AS records,
                      CAST(sum(records_processed) AS BIGINT) AS records_processed
               FROM (SELECT source, status, count(*) AS runs, 0 AS run_count, sum(records_processed) AS records,
                            0 AS records_processed
                     FROM etl_runs WHERE status NOT IN ('queued', 'running') GROUP BY source, status
                     UNION ALL
                     SELECT source, status, 0, run_count, 0, records_processed FROM etl_run_totals) AS counts
               GROUP BY source, status
               HAVING sum(runs) <> sum(run_count) OR sum(records) <> sum(records_processed)"""
        ),
    ],
)

# A window without a batch has its checkpoint at 0 with nothing in it. `last_key` is not in the journal, so only
# its presence can be judged. A checkpoint belongs to the newest window of its source.
CHECKPOINTS = Invariant(
    8,
    "checkpoint differs from the head of the journal",
    [
        Sql(
            """SELECT c.source, c.window_id, c.position, c.sequence, c.last_record_id, c.complete,
                      h.to_position AS journal_position, h.sequence AS journal_sequence,
                      h.last_record_id AS journal_last_record_id, w.state AS window_state
               FROM etl_checkpoints c
               LEFT JOIN etl_sources s ON s.source = c.source
               LEFT JOIN etl_windows w ON w.id = c.window_id
               LEFT JOIN etl_batches h ON h.window_id = c.window_id
                AND h.sequence = (SELECT max(b.sequence) FROM etl_batches b WHERE b.window_id = c.window_id)
               WHERE ((s.retained_after IS NULL OR c.run_id IS NULL OR c.run_id > s.retained_after)
                      AND (c.position <> coalesce(h.to_position, 0) OR c.sequence <> coalesce(h.sequence, 0)
                           OR coalesce(c.last_record_id, '') <> coalesce(h.last_record_id, '')
                           OR coalesce(c.run_id, 0) <> coalesce(h.run_id, 0)
                           OR (c.last_key IS NULL) <> (h.id IS NULL)))
                  OR w.id IS NULL OR w.source <> c.source OR c.complete <> (w.state = 'closed')
                  OR coalesce(c.total, -1) <> coalesce(w.planned, -1)
                  OR c.window_id <> (SELECT max(n.id) FROM etl_windows n WHERE n.source = c.source)"""
        ),
        Sql(
            """SELECT w.source, max(w.id) AS window_id, 'no checkpoint' AS problem FROM etl_windows w
               WHERE NOT EXISTS (SELECT 1 FROM etl_checkpoints c WHERE c.source = w.source) GROUP BY w.source"""
        ),
    ],
)

# The Nth record is committed, then the run fails: it can't go on behind N, nor succeed having reached it. (A run
# that reached N and was then stopped or killed is not injected; that is no offence.)
INJECTED = Invariant(
    13,
    "injected run that processed other than N records",
    [
        Sql(
            """SELECT source, id AS run_id, status, injected_failure, fail_after, records_processed FROM etl_runs
               WHERE (injected_failure AND (fail_after IS NULL OR records_processed <> fail_after
                                            OR status <> 'failed'))
                  OR records_processed > fail_after
                  OR (status = 'success' AND records_processed >= fail_after)"""
        )
    ],
)

# The second question asks the same of the totals that are kept in etl_sources.
RAW_ROWS = Invariant(
    14,
    "raw rows differ from inserted outcomes",
    [
        Sql(
            """SELECT r.source, r.id AS run_id, CAST(sum(stored) AS BIGINT) AS raw_rows,
                      CAST(sum(journaled) AS BIGINT) AS journaled
               FROM (SELECT run_id, count(*) AS stored, 0 AS journaled FROM raw_assets GROUP BY run_id
                     UNION ALL
                     SELECT run_id, 0, sum(raw_inserted) FROM etl_batches GROUP BY run_id) AS counts
               JOIN etl_runs r ON r.id = counts.run_id LEFT JOIN etl_sources s ON s.source = r.source
               WHERE s.retained_after IS NULL OR r.id > s.retained_after
               GROUP BY r.source, r.id HAVING sum(stored) <> sum(journaled)"""
        ),
        Sql(
            """SELECT source, CAST(sum(raw_rows) AS BIGINT) AS raw_rows, CAST(sum(raw_count) AS BIGINT) AS raw_count,
                      CAST(sum(asset_rows) AS BIGINT) AS asset_rows, CAST(sum(asset_count) AS BIGINT) AS asset_count
               FROM (SELECT source, count(*) AS raw_rows, 0 AS raw_count, 0 AS asset_rows, 0 AS asset_count
                     FROM raw_assets GROUP BY source
                     UNION ALL SELECT source, 0, 0, count(*), 0 FROM assets GROUP BY source
                     UNION ALL SELECT source, 0, raw_count, 0, asset_count FROM etl_sources) AS counts
               GROUP BY source
               HAVING sum(raw_rows) <> sum(raw_count) OR sum(asset_rows) <> sum(asset_count)"""
        ),
    ],
)

# Only records that changed something or came too late are kept as raw records, each at most once.
BATCHES = Invariant(
    15,
    "a batch whose outcomes do not add up",
    [
        Sql(
            f"""SELECT source, window_id, sequence, from_position, to_position, seen, {", ".join(OUTCOME_COUNTS)},
                       raw_inserted, length(outcomes) AS letters
                FROM etl_batches
                WHERE seen < 1 OR to_position - from_position <> seen OR length(outcomes) <> seen
                   OR seen <> {" + ".join(OUTCOME_COUNTS)}
                   OR {" OR ".join(f"{name} <> {_times(letter)}" for name, letter in _LETTERS.items())}
                   OR raw_inserted < 0 OR raw_inserted > inserted + updated + stale"""
        ),
        Sql(
            """SELECT b.source, b.window_id, b.sequence, b.run_id, r.source AS run_source, r.window_id AS run_window_id,
                      w.source AS window_source
               FROM etl_batches b JOIN etl_runs r ON r.id = b.run_id JOIN etl_windows w ON w.id = b.window_id
               WHERE r.source <> b.source OR w.source <> b.source
                  OR r.window_id IS NULL OR r.window_id <> b.window_id"""
        ),
    ],
)

# Every position of a closed window has exactly one letter that means something; a `q` stands for something that
# is in the quarantine. Records refused before are kept under their first window, so not every `q`
# has a row of its own, and none need be left once retention has forgotten that window.
UNACCOUNTED = Invariant(
    17,
    "record of a closed window that is neither seen, missing nor quarantined",
    [
        Sql(
            f"""SELECT w.source, w.id AS window_id, w.planned, coalesce(j.letters, 0) AS letters
               FROM {_WINDOWS}
               LEFT JOIN (SELECT window_id, CAST(sum(length(outcomes)) AS BIGINT) AS letters
                          FROM etl_batches GROUP BY window_id) AS j ON j.window_id = w.id
               WHERE {_WINDOW_IS_KEPT} AND w.state = 'closed' AND coalesce(w.planned, -1) <> coalesce(j.letters, 0)"""
        ),
        Sql(
            f"""SELECT source, window_id, sequence, from_position, expected, unknown_letters FROM (
                    SELECT b.source, b.window_id, b.sequence, b.from_position, {_unknown_letters()} AS unknown_letters,
                           coalesce(lag(b.from_position + length(b.outcomes))
                                    OVER (PARTITION BY b.window_id ORDER BY b.from_position, b.sequence), 0) AS expected
                    FROM {_BATCHES} JOIN etl_windows w ON w.id = b.window_id
                    WHERE w.state = 'closed' AND {_BATCH_IS_KEPT}) AS batches
                WHERE from_position <> expected OR unknown_letters <> ''"""
        ),
        Sql(
            f"""SELECT b.source, b.window_id, CAST(sum(b.quarantined) AS BIGINT) AS quarantined, 0 AS kept
               FROM {_BATCHES} JOIN etl_windows w ON w.id = b.window_id
               WHERE w.state = 'closed' AND b.quarantined > 0 AND s.retained_after IS NULL
                 AND NOT EXISTS (SELECT 1 FROM etl_quarantine q
                                 WHERE q.source = b.source AND q.window_id <= b.window_id)
               GROUP BY b.source, b.window_id"""
        ),
        Sql(
            """SELECT q.source, q.record_key, q.window_id, q.position,
                      substr(b.outcomes, CAST(q.position - b.from_position AS INTEGER), 1) AS letter
               FROM etl_quarantine q JOIN etl_batches b ON b.window_id = q.window_id
                AND b.from_position < q.position AND q.position <= b.to_position
               WHERE substr(b.outcomes, CAST(q.position - b.from_position AS INTEGER), 1) <> 'q'"""
        ),
    ],
)

INVARIANTS = (GAPS, PLANS, EPOCHS, COUNTERS, CHECKPOINTS, INJECTED, RAW_ROWS, BATCHES, UNACCOUNTED)
