"""The local upstream: a real HTTP server standing in for CoinGecko and CoinPaprika.

    async with serve(Upstream(size=1000, faults=[Fault("stall", count=1)])) as url:
        ...  # COINGECKO_BASE_URL is url + COINGECKO, COINPAPRIKA_BASE_URL is url + COINPAPRIKA

Its market is generated (market.py) or recorded (replay.py); it goes wrong on command (faults.py, control.py).
"""

from .access import Keys
from .csv_file import csv_blocks, write_csv
from .faults import KINDS, Fault, Match
from .market import START, Market
from .messages import COINGECKO, COINPAPRIKA
from .replay import Replay
from .server import Running, serve, serve_in_thread, start_upstream
from .upstream import Seen, Upstream

__all__ = [
    "COINGECKO",
    "COINPAPRIKA",
    "KINDS",
    "START",
    "Fault",
    "Keys",
    "Market",
    "Match",
    "Replay",
    "Running",
    "Seen",
    "Upstream",
    "csv_blocks",
    "serve",
    "serve_in_thread",
    "start_upstream",
    "write_csv",
]
