"""The local upstream from the command line: `python -m tests.upstream --port 9100`."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from .access import Keys
from .faults import Fault
from .server import start_upstream
from .upstream import Upstream


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        upstream = _upstream(options)
    except (ValueError, TypeError, KeyError) as problem:
        parser.error(str(problem))
    upstream.warm()
    with suppress(KeyboardInterrupt):  # where loops have no signal handlers, as on Windows
        asyncio.run(_serve(upstream, options.host, options.port))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.upstream",
        description="Stands in for CoinGecko and CoinPaprika on a local port. GET and POST /_control steer it.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=9100, help="0 takes any free port (default: %(default)s)")
    parser.add_argument("--coins", type=int, default=5000, help="coins on CoinGecko (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="which market (default: %(default)s)")
    parser.add_argument("--churn", type=float, default=0.01, help="share of coins that come and go")
    parser.add_argument("--tick-seconds", type=float, default=60, help="the market moves this often; 0: never")
    parser.add_argument("--replay", type=Path, metavar="DIR", help="serve recorded payloads of this folder")
    parser.add_argument("--date", help="with --replay: the date of the CoinGecko pages (default: the latest)")
    parser.add_argument("--faults", default="[]", metavar="JSON", help="list of fault rules, see faults.py")
    parser.add_argument("--coingecko-demo-key", help="ask for this key as CoinGecko's public host does")
    parser.add_argument("--coingecko-pro-key", help="ask for this key as CoinGecko's paid host does")
    parser.add_argument("--coinpaprika-key", help="ask for this key as CoinPaprika does")
    return parser


def _upstream(options: argparse.Namespace) -> Upstream:
    return Upstream(
        size=options.coins,
        seed=options.seed,
        churn=options.churn,
        replay=options.replay,
        date=options.date,
        faults=[Fault.from_json(rule) for rule in json.loads(options.faults)],
        keys=Keys(options.coingecko_demo_key, options.coingecko_pro_key, options.coinpaprika_key),
        start=None if options.tick_seconds else datetime.now(UTC),
        tick_seconds=options.tick_seconds or 60,
        live=bool(options.tick_seconds),
    )


async def _serve(upstream: Upstream, host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = await start_upstream(upstream, host=host, port=port)
    sys.stdout.write(f"COINGECKO_BASE_URL={running.coingecko_url} COINPAPRIKA_BASE_URL={running.coinpaprika_url}\n")
    sys.stdout.flush()
    await stop.wait()
    await running.stop()


if __name__ == "__main__":
    sys.exit(main())
