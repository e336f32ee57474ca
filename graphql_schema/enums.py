"""Words of the graph. Their values are the database's words."""

from enum import Enum

import strawberry
from strawberry import enum_value


@strawberry.enum(description="Where a run stands. A source has at most one queued or running run.")
class RunStatus(Enum):
    QUEUED = enum_value("queued", description="Asked for, not started yet.")
    RUNNING = enum_value("running", description="At work.")
    SUCCESS = enum_value("success", description="Reached the end of its window.")
    FAILED = enum_value("failed", description="Ended by an error; the next run goes on where it stopped.")
    INTERRUPTED = enum_value("interrupted", description="Ended because the process was asked to stop.")
    CANCELLED = enum_value("cancelled", description="Ended because someone cancelled it.")
    ABANDONED = enum_value("abandoned", description="Its process vanished; found out when its lease ran out.")


@strawberry.enum(description="What a run reads.")
class RunMode(Enum):
    INCREMENTAL = enum_value("incremental", description="The rest of the open window, or what changed since.")
    FULL = enum_value("full", description="Everything, from the start.")
    REPLAY = enum_value("replay", description="Records that were put into quarantine before.")


@strawberry.enum(description="Who asked for a run.")
class RunTrigger(Enum):
    SCHEDULE = enum_value("schedule", description="The schedule.")
    MANUAL = enum_value("manual", description="A person or program, with `triggerEtl`.")
    STARTUP = enum_value("startup", description="The start of the service.")
    CLI = enum_value("cli", description="The command line.")


@strawberry.enum(description="Whether a source's upstream is being called, or left alone after failures.")
class CircuitState(Enum):
    CLOSED = enum_value("closed", description="All is well: the upstream is called.")
    OPEN = enum_value("open", description="Left alone until `retryAt`.")
    HALF_OPEN = enum_value("half_open", description="One call is let through to see whether the upstream is back.")


@strawberry.enum(description="How the service is doing.")
class HealthStatus(Enum):
    OK = enum_value("ok", description="All is well.")
    DEGRADED = enum_value("degraded", description="It answers, but what it serves may be old or incomplete.")
    DOWN = enum_value("down", description="It cannot do its work.")


@strawberry.enum(description="How dense a price history is.")
class HistoryInterval(Enum):
    ALL = enum_value("all", description="Every change.")
    HOUR = enum_value("hour", description="The last point of each hour (UTC).")
    DAY = enum_value("day", description="The last point of each day (UTC).")
    WEEK = enum_value("week", description="The last point of each week from Monday (UTC).")


@strawberry.enum(description="A direction of sorting. Nulls come last in both.")
class Direction(Enum):
    ASC = enum_value(False, description="Smallest first.")
    DESC = enum_value(True, description="Largest first.")


@strawberry.enum(description="What assets can be sorted by. Text sorts by its case-folded form.")
class AssetOrderField(Enum):
    RANK = enum_value("rank", description="Rank by market value, 1 is the largest coin.")
    NAME = enum_value("name", description="Name.")
    SYMBOL = enum_value("symbol", description="Ticker symbol.")
    PRICE_USD = enum_value("price_usd", description="Price.")
    MARKET_CAP_USD = enum_value("market_cap_usd", description="Market value.")
    VOLUME_24H_USD = enum_value("volume_24h_usd", description="Trading volume of 24 hours.")
    PERCENT_CHANGE_24H = enum_value("percent_change_24h", description="Change of the price in 24 hours.")
    LAST_UPDATED = enum_value("last_updated", description="When the upstream last changed the figures.")
    ID = enum_value("id", description="Order of first appearance.")
