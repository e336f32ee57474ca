"""`asOf`: what was believed at an earlier moment."""

from datetime import datetime
from typing import Annotated

import strawberry

AsOf = Annotated[
    datetime | None,
    strawberry.argument(
        description="What was believed at this moment, by what was stored until then. Price, market value, volume and "
        "rank are of that time, and so are lastUpdated, updatedAt, raw, lastRun and history; name and symbol are "
        "today's; other figures have no history and are null. Assets stored later are not there. Where history is "
        "thinned out, it may be what was believed up to an hour or a day earlier; a moment before all that is kept is "
        "refused."
    ),
]
CoinAsOf = Annotated[
    datetime | None,
    strawberry.argument(
        description="What was believed at this moment, by what was stored until then: each asset's figures, and the "
        "consensus, rank and freshness that follow from them. Which assets are the coin, and its name, are today's. "
        "Null where none of its assets was stored by then."
    ),
]
