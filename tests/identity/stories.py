"""Second set of labelled assets, made without a look at the weights: small stories of how coins come to look alike.

Each story says which assets of both sources are one coin; all its other pairs are not. Where nothing else is said, both
were read at one moment. `labelled` has the first set.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from db.likeness import Key, Likeness
from tests.identity.labelled import Labelled

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Story:
    """CoinGecko's and CoinPaprika's assets by external id, and which of them are one coin."""

    title: str
    gecko: Mapping[str, Likeness]
    paprika: Mapping[str, Likeness]
    same: Mapping[str, str]

    def told(self) -> Labelled:
        found = Labelled()
        found.assets = [*self.gecko.values(), *self.paprika.values()]
        for one, other in product(self.gecko, self.paprika):
            pair = frozenset((Key("coingecko", one), Key("coinpaprika", other)))
            if self.same.get(one) == other:
                found.same.add(pair)
            else:
                found.traps[pair] = self.title
        return found


def figures(price: float | None, *, rank: int | None = None, supply: float | None = None, at: datetime = NOW,
            high: float | None = None, high_days: float = 400, contract: str = "") -> dict[str, Any]:  # fmt: skip
    """What a source says of a coin beside its names. Market value is price times supply."""
    return {
        "price_usd": price,
        "rank": rank,
        "market_cap_usd": price * supply if price and supply else None,
        "max_supply": supply,
        "ath_usd": high,
        "ath_at": NOW - timedelta(days=high_days) if high else None,
        "last_updated": at,
        "contracts": (("ethereum", contract),) if contract else (),
    }


def gecko(external_id: str, symbol: str, name: str, of: Figures) -> Likeness:
    return Likeness("coingecko", external_id, symbol, name, **of)


def paprika(external_id: str, symbol: str, name: str, of: Figures) -> Likeness:
    return Likeness("coinpaprika", external_id, symbol, name, **of)


def story(title: str, *assets: Likeness, same: Mapping[str, str] | None = None) -> Story:
    mine = {asset.external_id: asset for asset in assets if asset.source == "coingecko"}
    theirs = {asset.external_id: asset for asset in assets if asset.source == "coinpaprika"}
    return Story(title, mine, theirs, same or {})


YEARS_AGO = NOW - timedelta(days=1200)
BIG = figures(41.0, rank=31, supply=123_456_789, high=97.5)


def stories() -> Iterator[Story]:
    yield from _renames()
    yield from _scams()
    yield from _copies()
    yield from _forks()
    yield from _stocks()
    yield from _memes()
    yield from _gaps()
    yield from _dollars()


def _renames() -> Iterator[Story]:
    yield story(
        "renamed, id keeps the old name",
        gecko("velorum", "vlm", "Hexaris", BIG),
        paprika("vlm-velorum", "VLM", "Velorum", BIG),
        same={"velorum": "vlm-velorum"},
    )
    yield story(
        "renamed with a new symbol, both ids keep the old names",
        gecko("quorantis", "qnx", "Quonex", BIG),
        paprika("qrt-quorantis", "QRT", "Quorantis", BIG),
        same={"quorantis": "qrt-quorantis"},
    )
    yield story(
        "new symbol at one source only",
        gecko("brundel", "brd2", "Brundel", BIG),
        paprika("brnd-brundel", "BRND", "Brundel", BIG),
        same={"brundel": "brnd-brundel"},
    )
    yield story(
        "renamed, and the old name taken by a stranger",
        gecko("solvane", "svn", "Lumetta", BIG),
        gecko("solvane-2", "svn", "Solvane", figures(0.003, rank=2900, supply=9e9, high=0.05, high_days=30)),
        paprika("svn-solvane", "SVN", "Lumetta", BIG),
        same={"solvane": "svn-solvane"},
    )
    yield story(
        "token migrated: other contract, other price, the name stays with the new one",
        gecko("mergeon-2", "mrg", "Mergeon", figures(3.0, rank=410, supply=1e8, high=7.0, contract="0xb")),
        paprika("mrg-mergeon", "MRG", "Mergeon",
                figures(0.003, rank=2100, supply=1e11, high=0.9, high_days=1500, contract="0xa")),
    )  # fmt: skip


def _scams() -> Iterator[Story]:
    small = figures(0.0000041, rank=3900, supply=1e12, high=0.0009, high_days=12)
    yield story(
        "same ticker and nearly the same name",
        gecko("orbitalis", "orb", "Orbitalis", BIG),
        paprika("orb-orbitalis-ai", "ORB", "Orbitalis AI", small),
    )
    yield story(
        "one letter more",
        gecko("nimbusfi", "nmb", "Nimbus", BIG),
        paprika("nmb-nimbuss", "NMB", "Nimbuss", small),
    )
    yield story(
        "letters that look alike",
        gecko("cardex", "cdx", "Cardex", BIG),
        paprika("cdx-c4rdex", "CDX", "C4rdex", small),
    )


def _copies() -> Iterator[Story]:
    ether = figures(2500.0, rank=2, high=4891.0)
    bridged = figures(2499.0, high=4100.0, high_days=90)
    yield story(
        "wrapped and bridged copies cost the same",
        gecko("aetherium", "aeth", "Aetherium", ether),
        gecko("wrapped-aetherium", "waeth", "Wrapped Aetherium", figures(2500.5, rank=25, high=4890.0)),
        gecko(
            "bridged-aeth-base",
            "aeth",
            "L2 Standard Bridged Aetherium (Base)",
            bridged,
        ),
        gecko("peg-aeth", "aeth", "Binance-Peg Aetherium", figures(2501.0, rank=180, high=4889.0)),
        gecko("staked-aeth", "staeth", "Lido Staked Aetherium", figures(2499.0, rank=9, high=4829.0)),
        paprika("aeth-aetherium", "AETH", "Aetherium", ether),
        paprika("waeth-waeth", "WAETH", "WAETH", figures(2500.2, rank=26, high=4890.0)),
        same={"aetherium": "aeth-aetherium", "wrapped-aetherium": "waeth-waeth"},
    )
    yield story(
        "only the copy is listed at one source",
        gecko("bridged-korvil", "krv", "Bridged Korvil (Polygon)", BIG),
        paprika("krv-korvil", "KRV", "Korvil", BIG),
    )
    yield story(
        "a share in the coin is not the coin",
        gecko("zentra-x3-long", "zntr3l", "3X Long Zentra", figures(4.0, rank=4000)),
        gecko("zentra", "zntr", "Zentra", BIG),
        paprika("zntr-zentra", "ZNTR", "Zentra", BIG),
        same={"zentra": "zntr-zentra"},
    )


def _forks() -> Iterator[Story]:
    fork = figures(2.7, rank=190, supply=123_456_789, high=8.1, high_days=1900)
    for ending, symbol in (("Classic", "vrtc"), ("Cash", "vrth"), ("2.0", "vrt2"), ("Gold", "vrtg"), ("SV", "vrtsv")):
        slug = ending.lower().replace(".", "-")
        yield story(
            f"fork: {ending}",
            gecko(f"veritum-{slug}", symbol, f"Veritum {ending}", fork),
            gecko("veritum", "vrt", "Veritum", BIG),
            paprika("vrt-veritum", "VRT", "Veritum", BIG),
            paprika(f"{symbol}-veritum-{slug}", symbol.upper(), f"Veritum {ending}", fork),
            same={"veritum": "vrt-veritum", f"veritum-{slug}": f"{symbol}-veritum-{slug}"},
        )
        yield story(
            f"the fork alone beside the coin, with its ticker: {ending}",
            gecko(f"veritum-{slug}", "vrt", f"Veritum {ending}", fork),
            paprika("vrt-veritum", "VRT", "Veritum", BIG),
        )
    old_chain = figures(0.0001, rank=170, supply=5.6e12, high=119.0, high_days=1500)
    then = figures(82.0, rank=9, supply=9e8, high=119.0, high_days=1500, at=YEARS_AGO)
    yield story(
        "the ticker went to the new chain, read years apart",
        # Nobody can tell by names which it is: the old chain would be right, the new one is wrong.
        gecko("tarrano-2", "trn", "Tarrano", figures(0.6, rank=140, supply=1.1e9, high=18.9, high_days=1100)),
        gecko("tarrano", "trnc", "Tarrano Classic", old_chain),
        paprika("trn-tarrano", "TRN", "Tarrano", then),
    )


def _stocks() -> Iterator[Story]:
    share = figures(180.0, rank=1400)
    for name in ("Nordix Inc", "Nordix Tokenized Stock", "Nordix Corporation", "Nordix xStock", "Nordix plc"):
        yield story(
            f"stock: {name}",
            gecko("nordix", "ndx", "Nordix", BIG),
            paprika("ndx-" + name.lower().replace(" ", "-"), "NDX", name, share),
        )
    yield story(
        "the same stock at both, under other names",
        gecko("nordix-xstock", "ndxx", "Nordix xStock", share),
        gecko("nordix", "ndx", "Nordix", BIG),
        paprika("ndx-nordix", "NDX", "Nordix", BIG),
        same={"nordix": "ndx-nordix"},
    )


def _memes() -> Iterator[Story]:
    one = figures(0.02, rank=300, supply=1e9, high=0.4, high_days=80)
    two = figures(0.00007, rank=2800, supply=1e9, high=0.002, high_days=33)
    yield story(
        "equal names and tickers, the prices tell",
        gecko("wobble", "wbl", "Wobble", one),
        gecko("wobble-2", "wbl", "Wobble", two),
        paprika("wbl-wobble", "WBL", "Wobble", one),
        paprika("wbl-wobble-cat", "WBL", "Wobble", two),
        same={"wobble": "wbl-wobble", "wobble-2": "wbl-wobble-cat"},
    )
    yield story(
        "equal names and tickers, only the smaller is listed at both",
        gecko("snork", "snk", "Snork", two),
        gecko("snork-sol", "snk", "Snork", one),
        paprika("snk-snork", "SNK", "Snork", one),
        same={"snork-sol": "snk-snork"},
    )
    yield story(
        "equal names and tickers, each source has another of the two",
        gecko("glorp", "glp", "Glorp", one),
        paprika("glp-glorp", "GLP", "Glorp", two),
    )
    yield story(
        "each source has another of the two, and a round supply is all that agrees",
        gecko("frumple", "frm", "Frumple", figures(0.02, supply=1e9)),
        paprika("frm-frumple", "FRM", "Frumple", figures(0.00007, supply=1e9)),
    )
    yield story(
        "the ticker in the name",
        gecko("pepsal-coin", "psl", "Pepsal ($PSL)", one),
        paprika("psl-pepsal", "PSL", "Pepsal", one),
        same={"pepsal-coin": "psl-pepsal"},
    )


def _gaps() -> Iterator[Story]:
    yield story(
        "no price at one source",
        gecko("ondelle", "ond", "Ondelle", BIG),
        paprika("ond-ondelle", "OND", "Ondelle", figures(None)),
        same={"ondelle": "ond-ondelle"},
    )
    yield story(
        "a price that is months old",
        gecko("tessaly", "tsy", "Tessaly", BIG),
        paprika("tsy-tessaly", "TSY", "Tessaly", figures(9.0, rank=700, at=NOW - timedelta(days=90))),
        same={"tessaly": "tsy-tessaly"},
    )
    yield story(
        "a stale price at both, the names only share a ticker",
        gecko("marrow", "mrw", "Marrow Finance", figures(1.0, at=NOW - timedelta(days=200))),
        paprika("mrw-mirrorwood", "MRW", "Mirrorwood", figures(1.0, at=NOW - timedelta(days=200))),
    )
    yield story(
        "only a ticker and a price by chance",
        gecko("kelso", "kls", "Kelso", figures(0.51, rank=900)),
        paprika("kls-keylines", "KLS", "Keylines", figures(0.505, rank=950)),
    )
    yield story(
        "nothing but names, in another spelling",
        gecko("the-sandworm", "sandw", "The Sandworm", figures(None)),
        paprika("sandw-sandworm", "SANDW", "SandWorm", figures(None)),
        same={"the-sandworm": "sandw-sandworm"},
    )
    yield story(
        "a slip of a thousandfold in one price",
        gecko("grivna", "grv", "Grivna", figures(5.0, rank=800)),
        paprika("grv-grivna", "GRV", "Grivna", figures(0.005, rank=2500)),
    )  # better left to a person


def _dollars() -> Iterator[Story]:
    one = figures(1.0, rank=60, supply=None, high=1.08)
    yield story(
        "pegged coins all cost a dollar",
        gecko("first-digital", "fdx", "First Dollar", one),
        paprika("fdx-federal-dollar", "FDX", "Federal Dollar X", figures(1.0, rank=64)),
    )
    yield story(
        "pegged, the same ticker, one name a part of the other",
        gecko("alloy-usd", "usda", "USDA", figures(1.0, rank=700)),
        paprika("usda-avalon-usda", "USDA", "Avalon USDa", figures(1.0, rank=650)),
    )
    yield story(
        "pegged, renamed at one source",
        gecko("paxel-standard", "usdx", "Paxel Dollar", one),
        paprika("pxl-paxel-standard", "PXL", "Paxel Standard", one),
        same={"paxel-standard": "pxl-paxel-standard"},
    )
