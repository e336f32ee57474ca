"""Hand-made odd coins, so that every oddity occurs in every market of 250 coins or more, whatever the seed."""

from dataclasses import dataclass
from typing import Final

from .coins import Listing, Quirk


@dataclass(frozen=True, slots=True)
class Specimen:
    """An odd coin: what it is called, and the figures that must not be drawn at random."""

    gecko: Listing
    quirks: frozenset[Quirk] = frozenset()
    price: float | None = None
    supply: float | None = None
    paprika: Listing | None = None


def _called(id_: str, symbol: str, name: str) -> Specimen:
    return Specimen(Listing(id_, symbol, name))


def _quirky(quirk: Quirk) -> Specimen:
    name = f"Specimen {quirk.value.replace('-', ' ').title()}"
    listing = Listing(f"specimen-{quirk.value}", f"sp{len(quirk.value)}", name)
    return Specimen(listing, frozenset({quirk}), paprika=Listing(f"sp-{quirk.value}", listing.symbol.upper(), name))


def _priced(id_: str, price: float, supply: float) -> Specimen:
    paprika = Listing(f"{id_[:3]}-{id_}", id_[:3].upper(), id_.title())
    return Specimen(Listing(id_, id_[:3], id_.title()), frozenset(), price, supply, paprika)


_NAMED: Final = (
    _called("-2", "-2", "-2"),
    _called("28", "28", "28"),
    _called("1move token", "1mt", "1Move Token"),
    _called("x_y", "x_y", "X_Y"),
    _called("harbour-old[old]", "hbr", "Harbour [OLD]"),
    _called("quiet-coin", "", "Quiet Coin"),
    _called("wide-blank", '"\u3000"', "Wide Blank"),
    _called("rocket-frog", "🚀🐸", "Rocket Frog 🚀"),
    _called("dragon-horse", "龙马", "龙马币"),
    _called("double-struck", "\U0001d54f\U0001d550", "Double \U0001d54atruck"),
    _called("harbor-lights", "hlt", "Harbor Lights\u00a0"),
    _called("salt-pepper", "s&p", "Salt & Pepper <v2>"),
    _called("loud-symbol", "LOUD", "Loud Symbol"),
    _called("moon-dust", "moon dust", "Moon Dust"),
    _called("triple-dollar", "$$$", "Triple Dollar"),
    _called("at-sign", "@", "At Sign"),
    _called("back-slash", "b\\s", 'Back\\slash "Quoted"'),
    _called("formula", "=sum", "=SUM(A1:A9)"),
)
_PRICED: Final = (
    _priced("atomdust", 1.3e-18, 9.7e23),
    _priced("featherlight", 1.28e-10, 4.2e17),
    _priced("goldmountain", 2.3e8, 12.0),
    _priced("roundone", 1.0, 25e6),
    _priced("manycoins", 2.5e-9, 1e16),
    _priced("centuryhigh", 109_145.0, 210_000.0),
)
_PAPRIKA: Final = (
    Specimen(Listing("pennywise", "pny", "Pennywise"), paprika=Listing("-pennywise", "", "Pennywise")),
    Specimen(Listing("qchia", "qch", "Qchia"), paprika=Listing("qch-qchia-", "QCH", "Qchia-")),
    Specimen(Listing("mixed-case", "0xmix", "Mixed Case"), paprika=Listing("0xmix-mixed", "0xMIX", "Mixed Case")),
)

SPECIMENS: Final = (*_NAMED, *_PRICED, *_PAPRIKA, *(_quirky(quirk) for quirk in Quirk))
