"""Which header texts, as found in the wild, name which unified column.

A header is folded first: lower case, letters and digits only, `%` read as `pct`, `#` as `number`. Per column
the synonyms stand best first: where two columns of a file claim one target, the better synonym gets it.
"""

import re

SYNONYMS = {
    "external_id": "externalid id coinid coingeckoid assetid cryptoid currencyid",
    "slug": "slug coinslug nameslug websiteslug permalink url coinurl link coinlink href",
    "symbol": "symbol tickersymbol coinsymbol currencysymbol cryptosymbol assetsymbol ticker cointicker code "
    "coincode shortname abbreviation abbr",
    "name": "name coinname fullname currencyname cryptoname cryptocurrencyname assetname longname coin crypto "
    "cryptocurrency asset title",
    "rank": "rank marketcaprank cmcrank coinrank coingeckorank cryptorank currentrank ranking number",
    "price_usd": "priceusd usdprice currentpriceusd currentprice price lastprice latestprice pricelast last "
    "closeusd close",
    "market_cap_usd": "marketcapusd usdmarketcap marketcap mktcap mcap marketcapitalizationusd marketcapitalization "
    "capitalization cap",
    "volume_24h_usd": "volume24husd 24hvolumeusd volumeusd24h volume24h 24hvolume totalvolumeusd totalvolume vol24h "
    "24hvol tradingvolume24h tradingvolume volumeusd volume vol",
    "percent_change_1h": "pctchange1h pricechangepct1h pricechangepct1hincurrency changepct1h 1hpctchange "
    "1hchangepct change1hpct 1hpct pct1h change1h 1hchange 1h",
    "percent_change_24h": "pctchange24h pricechangepct24h pricechangepct24hincurrency changepct24h 24hpctchange "
    "24hchangepct change24hpct 24hpct pct24h change24h 24hchange 24h",
    "percent_change_7d": "pctchange7d pricechangepct7d pricechangepct7dincurrency changepct7d 7dpctchange "
    "7dchangepct change7dpct 7dpct pct7d change7d 7dchange 7d",
    "circulating_supply": "circulatingsupply availablesupply supplycirculating circulating totalcoinsmined "
    "coinsmined supply",
    "total_supply": "totalsupply supplytotal",
    "max_supply": "maxsupply maximumsupply supplymax totalcoinsupply maxcoinsupply",
    "ath_usd": "athusd athpriceusd athprice ath alltimehighusd alltimehighprice alltimehigh",
    "ath_at": "athat athdate athdateusd athtime alltimehighat alltimehighdate",
    "last_updated": "lastupdated lastupdatedat lastupdate lastupdatedtime updatedat updated timestamp datetime date",
}
_TARGETS = {
    synonym: (target, preference)
    for target, synonyms in SYNONYMS.items()
    for preference, synonym in enumerate(synonyms.split())
}
_WORDS = (
    (re.compile(r"percentage|percent"), "pct"),
    (re.compile(r"(?<![0-9])24h(?:ou)?rs?|(?<=change)(?:1d|day|daily)$"), "24h"),
    (re.compile(r"(?<![0-9])1h(?:ou)?rs?|(?<=change)(?:hour|hourly)$"), "1h"),
    (re.compile(r"(?<![0-9])7days?|(?<=change)(?:1w|week|weekly)$"), "7d"),
    (re.compile(r"^quotes?usd|^inusd|inusd$"), ""),
)
_UNNAMED = re.compile(r"(?:unnamed[0-9]*|index|level0)?")


def fold(header: str) -> str:
    """`Volume(24h)`, `volume_24H ` and `Volume 24hr` are one header: `volume24h`."""
    spelled = header.lower().replace("%", "pct").replace("#", "number").replace("$", "usd")
    folded = "".join(filter(str.isalnum, spelled))
    for pattern, word in _WORDS:
        folded = pattern.sub(word, folded)
    return folded


def target_of(header: str) -> tuple[str, int] | None:
    """The unified column a header names and how good a name it is (0 is best), None when it names none."""
    return _TARGETS.get(fold(header))


def is_unnamed(header: str) -> bool:
    """Whether the header is what a data frame writes over its index."""
    return _UNNAMED.fullmatch(fold(header)) is not None
