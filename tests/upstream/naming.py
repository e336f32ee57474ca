"""Invents what coins are called, with the collisions and renames that real lists have."""

import re
from dataclasses import dataclass, field
from random import Random
from typing import Final

from .coins import Listing
from .words import CHAINS, ENDINGS, FOREIGN, MIDDLES, OPENINGS, TAILS

_NOT_SLUG: Final = re.compile(r"[^a-z0-9]+")


def slug(text: str) -> str:
    """Lower-case ASCII letters and digits, everything else a single hyphen; may be empty."""
    return _NOT_SLUG.sub("-", text.lower()).strip("-")


@dataclass(slots=True)
class Namer:
    """Names coins in order and remembers what is taken; the same `random` gives the same names."""

    random: Random
    ids: set[str] = field(default_factory=set)
    paprika_ids: set[str] = field(default_factory=set)
    given: list[Listing] = field(default_factory=list)

    def gecko(self) -> Listing:
        """The next invented coin as CoinGecko lists it."""
        listing = self._draft()
        return self.keep(Listing(self._free(listing.id, self.ids), listing.symbol, listing.name))

    def keep(self, listing: Listing) -> Listing:
        """Remember a listing made elsewhere, so that later coins can collide with it but not take its id."""
        self.ids.add(listing.id)
        self.given.append(listing)
        return listing

    def paprika(self, listing: Listing) -> Listing:
        """The same coin as CoinPaprika lists it: mostly the same name and symbol, not always."""
        roll = self.random.random()
        name = listing.name.strip("\u00a0")
        if roll < 0.22:
            name = self._renamed(name)
        symbol = listing.symbol.upper() if roll < 0.97 else self._stem()[:4].upper()
        return self.keep_paprika(Listing(self._paprika_id(symbol, name), symbol, name))

    def keep_paprika(self, listing: Listing) -> Listing:
        """Remember a CoinPaprika listing made elsewhere."""
        self.paprika_ids.add(listing.id)
        return listing

    def paprika_only(self) -> Listing:
        """A coin only CoinPaprika has; one in three shares its symbol with another coin of CoinGecko's."""
        fresh = self._fresh()
        symbol = self.random.choice(self.given).symbol if self.random.random() < 0.3 else fresh.symbol
        listing = Listing(self._paprika_id(symbol, fresh.name), symbol.upper(), fresh.name)
        return self.keep_paprika(listing)

    def _draft(self) -> Listing:
        roll = self.random.random()
        if roll < 0.03:
            return self._bridged(self.random.choice(self.given))
        if roll < 0.06:
            fresh = self._fresh()
            return Listing(fresh.id, self.random.choice(self.given).symbol, fresh.name)
        if roll < 0.07:
            twin = self.random.choice(self.given)
            return Listing(slug(twin.name) or "twin", self._symbol(twin.name), twin.name)
        if roll < 0.08:
            return self._foreign()
        return self._fresh()

    def _fresh(self) -> Listing:
        name = self._stem().capitalize() + self.random.choice(TAILS)
        return Listing(slug(name), self._symbol(name), name)

    def _bridged(self, original: Listing) -> Listing:
        chain = self.random.choice(CHAINS)
        return Listing(f"bridged-{original.id}-{chain}", original.symbol, f"Bridged {original.name} ({chain.title()})")

    def _foreign(self) -> Listing:
        name = self.random.choice(FOREIGN) + self.random.choice(FOREIGN)
        return Listing(slug(self._stem()), name, name + self.random.choice(("", "", "\u00a0")))

    def _stem(self) -> str:
        choice = self.random.choice
        return choice(OPENINGS) + choice(MIDDLES) + choice(ENDINGS)

    def _symbol(self, name: str) -> str:
        letters = slug(name).replace("-", "") or "coin"
        tail = self.random.choice("abcdefghijklmnopqrstuvwxyz0123456789")
        short = letters[: self.random.choice((2, 3, 3, 4, 5))] + letters[-1] + tail
        return short.upper() if self.random.random() < 0.01 else short

    def _renamed(self, name: str) -> str:
        first = name.partition(" ")[0]
        return f"{first}{self.random.choice(TAILS[4:])}" if self.random.random() < 0.7 else self._stem().title()

    def _paprika_id(self, symbol: str, name: str) -> str:
        wanted = f"{slug(symbol) or 'x'}-{slug(name) or self._stem()}"
        if self.random.random() < 0.04:
            wanted += "-new"
        return self._free(wanted, self.paprika_ids)

    @staticmethod
    def _free(wanted: str, taken: set[str]) -> str:
        number, free = 2, wanted
        while free in taken:
            number, free = number + 1, f"{wanted}-{number}"
        return free
