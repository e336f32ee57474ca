"""Assets, raw records, the quarantine and requests: nothing twice, nothing older over newer, nothing unfounded."""

from db.verify.invariant import Invariant, Sql

DUPLICATE_ASSETS = Invariant(
    1,
    "duplicate (source, external_id) in assets",
    [
        Sql(
            """SELECT source, external_id, count(*) AS copies FROM assets
               GROUP BY source, external_id HAVING count(*) > 1""",
            past_indexes=True,
        )
    ],
)

DUPLICATE_RAW = Invariant(
    2,
    "duplicate (source, record_id) in raw",
    [
        Sql(
            """SELECT source, record_id, count(*) AS copies FROM raw_assets
               GROUP BY source, record_id HAVING count(*) > 1""",
            past_indexes=True,
        )
    ],
)

# A record without a time was placed by the order of windows and proves nothing here; a stale record is kept with
# its own time, which is older. CROSS JOIN makes SQLite read the big table once, in the order it lies on disk.
OLDER_OVER_NEWER = Invariant(
    9,
    "an asset older than the newest record seen for it",
    [
        Sql(
            """SELECT a.source, a.external_id, a.last_updated, max(r.last_updated) AS newest_seen
               FROM raw_assets r CROSS JOIN assets a
               WHERE a.source = r.source AND a.external_id = r.external_id AND r.last_updated IS NOT NULL
                 AND (a.last_updated IS NULL OR a.last_updated < r.last_updated)
               GROUP BY a.source, a.external_id, a.last_updated"""
        )
    ],
)

UNFOUNDED_ASSETS = Invariant(
    10,
    "asset without the raw record it came from",
    [
        Sql(
            """SELECT a.source, a.external_id, a.record_id FROM assets a
               WHERE NOT EXISTS (SELECT 1 FROM raw_assets r WHERE r.source = a.source
                                 AND r.record_id = a.record_id AND r.external_id = a.external_id)"""
        )
    ],
)

DUPLICATE_KEYS = Invariant(
    18,
    "duplicate schedule slot or quarantine key",
    [
        Sql(
            """SELECT source, slot, count(*) AS copies FROM etl_requests WHERE slot IS NOT NULL
               GROUP BY source, slot HAVING count(*) > 1""",
            past_indexes=True,
        ),
        Sql(
            """SELECT source, idempotency_key, count(*) AS copies FROM etl_requests WHERE idempotency_key IS NOT NULL
               GROUP BY source, idempotency_key HAVING count(*) > 1""",
            past_indexes=True,
        ),
        Sql(
            """SELECT source, record_key, count(*) AS copies FROM etl_quarantine
               GROUP BY source, record_key HAVING count(*) > 1""",
            past_indexes=True,
        ),
    ],
)

INVARIANTS = (DUPLICATE_ASSETS, DUPLICATE_RAW, OLDER_OVER_NEWER, UNFOUNDED_ASSETS, DUPLICATE_KEYS)
