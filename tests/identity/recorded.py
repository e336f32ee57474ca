"""Recorded lists of both sources and pairs of them that people keep by hand, where RECORDED_DATA names a folder.

Nothing of it is in the repository. CoinGecko's markets were read on several days, CoinPaprika's tickers once.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import msgspec

from db.likeness import Key, Likeness
from db.records import NewAsset
from etl.http import Upstream
from etl.identity.contracts import normalized
from etl.sources.coingecko import CoinGecko
from etl.sources.coinpaprika import CoinPaprika
from etl.types import RawRecord
from tests.identity.measure import Couple

# Assets of both lists that share a symbol or a name and are known to be different things.
TRAPS = (
    ("radix", "xrd-raven-dark"), ("immutable-x", "imx-impermax"), ("wonderland", "time-chronotech"),
    ("anchor-protocol", "anc-anoncoin"), ("gmx", "gmx-gamex"), ("boba-network", "boba-boobam-1"),
    ("cratos", "crts-cryptotipsfr"), ("ufo-gaming", "ufo-uniform-fiscal-object"), ("dai", "dai-daimler-ag"),
    ("dash", "dash-doordash-inc"), ("convex-finance", "cvx-chevron"), ("leo-token", "leo-leofinance"),
    ("leo-token", "leo-leoni-ag"), ("portal-2", "portal-portal"), ("terra-luna-2", "luna-terra"),
    ("luna-by-virtuals", "luna-terra"), ("department-of-government-efficiency", "doge-dogecoin"),
)  # fmt: skip


def days(folder: Path) -> list[str]:
    """The days of which there are markets of CoinGecko."""
    return sorted({path.name[8:18] for path in (folder / "coingecko").glob("markets-*-p1.json") if _is_list(path)})


def assets(folder: Path, day: str) -> list[Likeness]:
    """CoinGecko's markets of the day and CoinPaprika's tickers."""
    contracts = dict(_contracts(folder, day))
    markets = [
        row
        for path in sorted((folder / "coingecko").glob(f"markets-{day}-p*.json"))
        if _is_list(path)
        for row in _rows(path)
    ]
    tickers = [row for path in (folder / "coinpaprika").glob("tickers-*.json") if _is_list(path) for row in _rows(path)]
    nobody = cast("Upstream", None)
    gecko, paprika = CoinGecko(nobody, 0), CoinPaprika(nobody)
    found = [_likeness("coingecko", gecko.parse(_record(row)), contracts) for row in markets]
    found += [_likeness("coinpaprika", paprika.parse(_record(row)), {}) for row in tickers]
    return list({asset.key: asset for asset in found}.values())


def crosswalk(folder: Path) -> set[Couple]:
    """Pairs that are one coin, kept by hand."""
    rows = json.loads((folder / "identity" / "crosswalk-sample.json").read_bytes())
    return {
        frozenset((Key("coingecko", row["coingecko_id"]), Key("coinpaprika", row["coinpaprika_id"]))) for row in rows
    }


def traps(assets: Iterable[Likeness]) -> set[Couple]:
    """Known traps among the assets, and every bridged or pegged copy beside what has its symbol."""
    known = {asset.key: asset for asset in assets}
    found = {frozenset((Key("coingecko", one), Key("coinpaprika", other))) for one, other in TRAPS}
    copies = [each for each in known.values() if {"bridged", "peg"} & set(each.external_id.split("-"))]
    theirs = [each for each in known.values() if each.source == "coinpaprika"]
    found |= {
        frozenset((copy.key, other.key))
        for copy in copies
        for other in theirs
        if copy.source != other.source and copy.symbol.casefold() == other.symbol.casefold()
    }
    return {couple for couple in found if couple <= known.keys()}


def _contracts(folder: Path, day: str) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    path = folder / "coingecko" / f"coins-list-platforms-{day}.json"
    for row in _rows(path) if path.exists() else ():
        found = (normalized(platform, address or "") for platform, address in row["platforms"].items())
        yield row["id"], tuple(contract for contract in found if contract is not None)


def _likeness(source: str, asset: NewAsset, contracts: dict[str, tuple[tuple[str, str], ...]]) -> Likeness:
    values = {name: getattr(asset, name) for name in Likeness.__struct_fields__ if hasattr(asset, name)}
    return Likeness(source, **values, contracts=contracts.get(asset.external_id, ()))


def _is_list(path: Path) -> bool:
    return not path.name.endswith(".http.json") and "perpage" not in path.name and "category" not in path.name


def _rows(path: Path) -> list[Any]:
    return list(json.loads(path.read_bytes()))


def _record(row: Any) -> RawRecord:
    return RawRecord(key="", external_id=None, payload=msgspec.json.encode(row))
