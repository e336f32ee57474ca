"""Names in the forms they are compared in.

Upstreams write one name in many ways (`Hedera`, `Hedera Hashgraph`, `hbar-hedera-hashgraph`) and keep an old name in
the id for ever, so what is compared is every form that an asset has, not its present name alone.
"""

import re
import unicodedata

import msgspec

from db.likeness import Likeness

# These say what kind of thing a coin is, not which one; sources add and drop them at will.
GENERIC = frozenset(
    re.findall(
        r"\w+",
        """app chain coin dao ecosystem exchange finance foundation hub labs money network official platform project
        protocol system the token utility""",
    )
)
# These say that it is another thing that only follows the coin of that name.
COPIES = frozenset(
    re.findall(
        r"\w+",
        """3l 3s 3x bear bridged bull deposited hedge hodl leveraged long lp peg pegged restaked short staked staking
        synth synthetic tokenized wormhole wrapped xstock""",
    )
)
# Shares of companies: CoinPaprika lists stocks as tokens.
COMPANIES = frozenset(
    re.findall(r"\w+", "ag asa bv co corp corporation inc incorporated llc ltd nv oyj plc sa spa stock")
)
# CoinPaprika's ids begin with the symbol the coin had when it was listed.
SYMBOL_FIRST = frozenset({"coinpaprika"})

_WORD = re.compile(r"[^\W_]+")
_NUMBERED = re.compile(r"-(\d+)$")


class Profile(msgspec.Struct, frozen=True, gc=False):
    """An asset, ready to be compared with many others."""

    asset: Likeness
    symbol: str
    name: str
    forms: frozenset[str]
    cores: frozenset[str]
    words: frozenset[str]
    copies: frozenset[str]
    company: bool
    numbered: bool
    old: bool


def profile(asset: Likeness) -> Profile:
    """The asset with its names in all their forms."""
    slug, numbered = _slug(asset)
    texts = (_words(asset.name), _words(slug))
    every = {*texts[0], *texts[1]}
    forms = {form for words in texts if (form := "".join(words))}
    return Profile(
        asset,
        symbol=folded(asset.symbol).lstrip("$") or folded(asset.symbol),
        name="".join(texts[0]) or folded(asset.name),
        forms=frozenset(forms or {folded(asset.name)} - {""}),
        cores=frozenset(core for words in texts if (core := _core(words))),
        words=frozenset(texts[0]) - GENERIC,
        copies=COPIES.intersection(every),
        company=bool(every & COMPANIES),
        old="old" in texts[0],
        numbered=numbered and not asset.name.rstrip().endswith(asset.external_id.rpartition("-")[2]),
    )


def folded(text: str) -> str:
    """The text without case, accents and the many ways to write one letter."""
    if text.isascii():
        return text.strip().casefold()
    decomposed = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _slug(asset: Likeness) -> tuple[str, bool]:
    """The id's readable part, and whether it is numbered: `portal-2` is at least the second Portal of its source."""
    slug = asset.external_id
    if asset.source in SYMBOL_FIRST:
        slug = slug.partition("-")[2] if _begins_with_symbol(slug, asset.symbol) else slug
        return slug, False
    stripped = _NUMBERED.sub("", slug)
    return (stripped, True) if stripped and stripped != slug else (slug, False)


def _begins_with_symbol(slug: str, symbol: str) -> bool:
    first, _, rest = slug.partition("-")
    # A coin whose symbol changed keeps the old one in its id; then the rest repeats it more often than not.
    return bool(rest) and (first == "".join(_words(symbol)) or len(first) <= 6)


def _words(text: str) -> list[str]:
    return _WORD.findall(folded(text))


def _core(words: list[str]) -> str:
    # Most have none.
    return "".join(words if GENERIC.isdisjoint(words) else [word for word in words if word not in GENERIC])


def slug_base(asset: Likeness) -> str:
    """The asset's id as a readable name: lower-case words joined by hyphens."""
    return "-".join(_words(asset.external_id)) or "coin"
