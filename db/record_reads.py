"""Raw records, read straight through the driver. What does not go smoothly raises NotDirect: `archive` reads it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Text, select

from db.engine import Database
from db.keyset import AnySelect
from db.prepared import is_one_of, parents, slot
from db.tables import raw_assets, raw_headers
from db.walks import Columns, Row

_COLUMNS: Mapping[str, ColumnElement[object]] = {**raw_assets.c, "header": raw_headers.c.header}


async def by_keys(
    database: Database, keys: Sequence[tuple[str, str]], columns: Columns
) -> dict[tuple[str, str], list[Row]]:
    """Those of the raw records that exist, by (source, record_id): a row that begins with the columns, which may have
    the `header` of a CSV file among them."""
    direct = database.direct

    def build() -> AnySelect:
        found = select(*(_COLUMNS[name] for name in columns)).add_columns(raw_assets.c.record_id)
        return found.select_from(raw_assets.outerjoin(raw_headers, raw_headers.c.id == raw_assets.c.header_id)).where(
            raw_assets.c.source == slot("source", Text()), is_one_of(direct.kind, raw_assets.c.record_id)
        )

    statement = direct.statement(("records", columns), build)
    of_sources: dict[str, list[str]] = defaultdict(list)
    for source, record_id in keys:
        of_sources[source].append(record_id)
    found: dict[tuple[str, str], list[Row]] = {}
    for source, record_ids in of_sources.items():
        values = {"source": source, **parents(direct.kind, record_ids)}
        found |= {(source, row[len(columns)]): [row] for row in await direct.fetch(statement, values)}
    return found
