"""What happens in a simulation, drawn from its seed: which servers, which coins, and what goes wrong when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from db.enums import RunMode
from tests.simulation.answers import KINDS, Episode
from tests.simulation.market import GECKO, PAPRIKA, Coin

TROUBLE_SECONDS = 30 * 60.0
"""How long things go wrong. Then everything is well, and the market stands still."""
SHORT_WAITS, LONG_WAIT = (1, 5, 30, 90), 1200
COINS = {GECKO: 11, PAPRIKA: 7}
EVER = range(-1000, 10_000)
DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is done to the world at a moment: to a host, to the disk, to the clock, or by a user."""

    at: float
    kind: str
    host: int = 0
    amount: float = 0.0
    source: str = ""
    mode: RunMode = RunMode.INCREMENTAL


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole simulation. `troubles` are the sorts of trouble that may come."""

    seed: int
    troubles: frozenset[str]
    hosts: int
    batch_size: int
    calls_per_minute: int
    coins: Sequence[Coin]
    episodes: Sequence[Episode]
    deeds: Sequence[Deed]

    @property
    def is_calm(self) -> bool:
        """Whether only the upstreams misbehave, so that the policy towards them can be judged exactly."""
        return self.troubles <= {"upstream"}

    @property
    def stops_in_time(self) -> bool:
        """Whether nothing keeps a process that is asked to stop from doing so."""
        return not self.troubles & {"freeze", "disk", "kill"}


def plan_of(seed: int) -> Plan:
    """The same plan for the same seed, always."""
    random = Random(f"simulation {seed}")
    troubles = frozenset(name for name, share in _SHARES.items() if random.random() < share)
    hosts = random.choice((1, 1, 2, 3))
    deeds = [deed for name in sorted(troubles & _DEEDS.keys()) for deed in _DEEDS[name](random, hosts)]
    return Plan(
        seed=seed,
        troubles=troubles,
        hosts=hosts,
        batch_size=random.choice((1, 2, 3, 5, 100)),
        calls_per_minute=random.choice((6, 10, 30)),
        coins=[_coin(random, source, n) for source, count in COINS.items() for n in range(count)],
        episodes=[_episode(random) for _ in range(random.randint(2, 8))] if "upstream" in troubles else [],
        deeds=sorted(deeds, key=lambda deed: deed.at),
    )


def _coin(random: Random, source: str, number: int) -> Coin:
    listed = EVER
    # The others stay: a list of less than half its length is not believed until a person says so.
    if random.random() < 0.4 and number % 2:
        begins = random.randint(0, 25)
        listed = random.choice((range(begins, EVER.stop), range(EVER.start, begins)))
    return Coin(f"{random.choice('abcdefgh')}oin-{source[4:6]}-{number}", source, random.randint(1, 30), listed)


def _episode(random: Random) -> Episode:
    kind = random.choice(tuple(KINDS))
    begins = _some_moment(random)
    return Episode(
        source=random.choice((GECKO, GECKO, PAPRIKA)),
        kind=kind,
        begins=begins,
        ends=min(begins + random.choice((20, 200, 2000)), TROUBLE_SECONDS),
        share=random.choice((0.2, 0.6, 1.0)),
        amount=random.choice(_AMOUNTS.get(kind, (0.0,))),
    )


_AMOUNTS: dict[str, Sequence[float]] = {
    "status": (408, 425, 500, 502, 503, 504),
    "limited": (*SHORT_WAITS, LONG_WAIT),
    "limited_until": (*SHORT_WAITS, LONG_WAIT),
    "dripping": (0.5, 3.0),
    "stale": (3, 10, 40),
    "few": (2, 5),
}


def _some_moment(random: Random) -> float:
    # Half of them early, when windows are first opened and nothing is stored yet.
    return random.uniform(0.0, random.choice((60.0, TROUBLE_SECONDS)))


def _kills(random: Random, hosts: int) -> list[Deed]:
    return [_at_a_host(random, hosts, "kill", (0.5, 20.0, 90.0)) for _ in range(random.randint(1, 8))]


def _stops(random: Random, hosts: int) -> list[Deed]:
    return [_at_a_host(random, hosts, "stop", (0.5, 20.0)) for _ in range(random.randint(1, 5))]


def _freezes(random: Random, hosts: int) -> list[Deed]:
    return [_at_a_host(random, hosts, "freeze", (2.0, 25.0, 45.0, 150.0)) for _ in range(random.randint(1, 4))]


def _at_a_host(random: Random, hosts: int, kind: str, amounts: Sequence[float]) -> Deed:
    return Deed(_some_moment(random), kind, random.randrange(hosts), random.choice(amounts))


def _disks(random: Random, hosts: int) -> list[Deed]:
    deeds = []
    for _ in range(random.randint(1, 3)):
        begins = _some_moment(random)
        kind, share = random.choice((("refused", 0.02), ("refused", 1.0), ("lost", 0.1), ("lost", 0.5)))
        ends = begins + random.choice((5.0, 60.0, 1200.0))
        deeds += [Deed(begins, kind, amount=share), Deed(min(ends, TROUBLE_SECONDS), kind, amount=0.0)]
    return deeds


def _clocks(random: Random, hosts: int) -> list[Deed]:
    begins = _some_moment(random)
    error = random.choice((-DAY, -600.0, -40.0, 40.0, 600.0, DAY))
    ends = min(begins + random.choice((30.0, 600.0)), TROUBLE_SECONDS)
    return [Deed(begins, "clock", amount=error), Deed(ends, "clock", amount=0.0)]


def _users(random: Random, hosts: int) -> list[Deed]:
    kinds = ("trigger", "trigger", "cancel", "reset")
    return [
        Deed(
            _some_moment(random),
            random.choice(kinds),
            random.randrange(hosts),
            source=random.choice((GECKO, PAPRIKA)),
            mode=random.choice(tuple(RunMode)),
        )
        for _ in range(random.choice((2, 10, 30)))
    ]


_SHARES = {"upstream": 0.8, "kill": 0.4, "stop": 0.3, "freeze": 0.25, "disk": 0.25, "clock": 0.2, "user": 0.4}
_DEEDS: dict[str, Callable[[Random, int], list[Deed]]] = {
    "kill": _kills,
    "stop": _stops,
    "freeze": _freezes,
    "disk": _disks,
    "clock": _clocks,
    "user": _users,
}
