"""What a database holds, without what may differ between two equal histories: ids, epochs, times of writing."""

from typing import Any

from sqlalchemy import text

from db import assets
from db.engine import Connection

WINDOW = "(SELECT count(*) FROM etl_windows AS earlier WHERE earlier.id <= {0}.window_id)"
"""The ordinal of a row's window: ids have gaps where a transaction was rolled back."""

FACTS = {
    "raw": f"""
        SELECT source, record_id, external_id, payload, position, {WINDOW.format("r")}
        FROM raw_assets AS r ORDER BY source, record_id""",
    "history": """
        SELECT a.source, a.external_id, h.record_id, h.price_usd, h.market_cap_usd, h.rank
        FROM asset_history AS h JOIN assets AS a ON a.id = h.asset_id
        ORDER BY a.source, a.external_id, h.at, h.record_id""",
    "quarantine": f"""
        SELECT source, record_key, external_id, reason, payload, position, {WINDOW.format("q")}
        FROM etl_quarantine AS q ORDER BY source, record_key""",
    "journal": f"""
        SELECT source, {WINDOW.format("b")} AS window_number, sequence, from_position, to_position, seen, outcomes,
               inserted, updated, unchanged, stale, missing, quarantined, raw_inserted, last_record_id
        FROM etl_batches AS b ORDER BY source, window_number, sequence""",
    "counters": f"""
        SELECT source, {WINDOW.format("r")} AS window_number, sum(records_processed), sum(inserted), sum(updated),
               sum(unchanged), sum(stale), sum(missing), sum(quarantined), max(total)
        FROM etl_runs AS r WHERE window_id IS NOT NULL GROUP BY source, window_number ORDER BY source, window_number""",
    "windows": "SELECT source, state, planned FROM etl_windows ORDER BY id",
    "checkpoints": f"""
        SELECT source, {WINDOW.format("c")}, last_record_id, last_key, position, sequence, total
        FROM etl_checkpoints AS c ORDER BY source""",
    "holdings": "SELECT source, asset_count, raw_count FROM etl_sources ORDER BY source",
    "coin counts": "SELECT source, coin_count FROM coin_marks ORDER BY source",
    "coins": """
        SELECT source, external_id, id, slug, symbol, name, rank, price_usd, divergence_percent, market_cap_usd
        FROM coins ORDER BY source, external_id""",
    "coin assets": """
        SELECT a.source, a.external_id, c.coin_id, c.own_coin_id, c.traits, c.confidence, c.evidence, c.manual, c.fresh
        FROM coin_assets AS c JOIN assets AS a ON a.id = c.asset_id ORDER BY a.source, a.external_id""",
    "coin pairs": """
        SELECT a.source, a.external_id, b.source, b.external_id, p.weight, p.score, p.evidence, p.contract, p.doubt
        FROM coin_pairs AS p JOIN assets AS a ON a.id = p.one_id JOIN assets AS b ON b.id = p.other_id
        ORDER BY a.source, a.external_id, b.source, b.external_id""",
    "coin keys": """
        SELECT k.key, a.source, a.external_id FROM coin_keys AS k JOIN assets AS a ON a.id = k.asset_id
        ORDER BY k.key, a.source, a.external_id""",
    "pages": "SELECT count(*) FROM etl_window_pages",
    "active runs": "SELECT count(*) FROM etl_runs WHERE status IN ('queued', 'running')",
    "leases": "SELECT source, holder FROM etl_leases ORDER BY source",
}


async def gather(connection: Connection) -> dict[str, Any]:
    """All facts, as JSON would hold them."""
    found: dict[str, Any] = {"digest": await assets.digest(connection)}
    for name, sql in FACTS.items():
        found[name] = [[_plain(cell) for cell in row] for row in await connection.execute(text(sql))]
    return found


def differences(clean: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """One line for each fact that is not as in a clean history."""
    return [f"{name}: {found[name]!r} instead of {clean[name]!r}" for name in clean if found[name] != clean[name]]


def _plain(cell: Any) -> Any:
    return cell if isinstance(cell, float | str | bool) or cell is None else int(cell)
