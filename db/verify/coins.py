"""Coins: whatever the evidence says, no coin has two assets of one source, and what people decided holds."""

from db.verify.invariant import Invariant, Sql

COINS = Invariant(
    21,
    "a coin with no asset or two of one source, against a decision by hand, or not counted",
    [
        Sql(
            """SELECT c.coin_id, a.source, count(*) AS assets FROM coin_assets c JOIN assets a ON a.id = c.asset_id
               GROUP BY c.coin_id, a.source HAVING count(*) > 1"""
        ),
        Sql(
            """SELECT id, slug FROM coins
               WHERE NOT EXISTS (SELECT 1 FROM coin_assets WHERE coin_assets.coin_id = coins.id)"""
        ),
        Sql(
            """SELECT d.source, d.external_id, d.other_source, d.other_external_id, d.decision
               FROM coin_decisions d
               JOIN assets a ON a.source = d.source AND a.external_id = d.external_id
               JOIN assets b ON b.source = d.other_source AND b.external_id = d.other_external_id
               JOIN coin_assets mine ON mine.asset_id = a.id
               JOIN coin_assets theirs ON theirs.asset_id = b.id
               WHERE (d.decision = 'link') <> (mine.coin_id = theirs.coin_id)"""
        ),
        Sql(
            """SELECT source, CAST(sum(stored) AS BIGINT) AS stored, CAST(sum(counted) AS BIGINT) AS counted
               FROM (SELECT source, count(*) AS stored, 0 AS counted FROM coins GROUP BY source
                     UNION ALL SELECT source, 0, coin_count FROM coin_marks) AS counts
               GROUP BY source HAVING sum(stored) <> sum(counted)"""
        ),
    ],
)

INVARIANTS = (COINS,)
