"""The words coins are named with: a short head of well-known coins, and syllables for invented ones."""

from typing import Final, NamedTuple


class Known(NamedTuple):
    """A well-known coin at the head of the list; price in USD and supply in coins are round figures."""

    gecko_id: str
    paprika_id: str
    symbol: str
    name: str
    price: float
    supply: float


# Several have ids that share nothing across the two upstreams: identity must not be guessed from ids.
KNOWN: Final = (
    Known("bitcoin", "btc-bitcoin", "btc", "Bitcoin", 104_000.0, 19_800_000.0),
    Known("ethereum", "eth-ethereum", "eth", "Ethereum", 2_600.0, 120_500_000.0),
    Known("tether", "usdt-tether", "usdt", "Tether", 1.0, 150_000_000_000.0),
    Known("ripple", "xrp-xrp", "xrp", "XRP", 2.2, 58_000_000_000.0),
    Known("binancecoin", "bnb-binance-coin", "bnb", "BNB", 650.0, 141_000_000.0),
    Known("solana", "sol-solana", "sol", "Solana", 160.0, 520_000_000.0),
    Known("usd-coin", "usdc-usd-coin", "usdc", "USD Coin", 1.0, 60_000_000_000.0),
    Known("dogecoin", "doge-dogecoin", "doge", "Dogecoin", 0.2, 149_000_000_000.0),
    Known("tron", "trx-tron", "trx", "TRON", 0.27, 95_000_000_000.0),
    Known("cardano", "ada-cardano", "ada", "Cardano", 0.7, 36_000_000_000.0),
    Known("wrapped-bitcoin", "wbtc-wrapped-bitcoin", "wbtc", "Wrapped Bitcoin", 103_900.0, 129_000.0),
    Known("chainlink", "link-chainlink", "link", "Chainlink", 14.0, 657_000_000.0),
    Known("avalanche-2", "avax-avalanche", "avax", "Avalanche", 20.0, 420_000_000.0),
    Known("stellar", "xlm-stellar", "xlm", "Stellar", 0.27, 31_000_000_000.0),
    Known("bitcoin-cash", "bch-bitcoin-cash", "bch", "Bitcoin Cash", 400.0, 19_900_000.0),
    Known("litecoin", "ltc-litecoin", "ltc", "Litecoin", 88.0, 76_000_000.0),
    Known("polkadot", "dot-polkadot", "dot", "Polkadot", 4.1, 1_560_000_000.0),
    Known("monero", "xmr-monero", "xmr", "Monero", 330.0, 18_400_000.0),
    Known("dai", "dai-dai", "dai", "Dai", 1.0, 5_300_000_000.0),
    Known("aave", "aave-new", "aave", "Aave", 250.0, 15_100_000.0),
    Known("cosmos", "atom-cosmos", "atom", "Cosmos Hub", 4.3, 391_000_000.0),
    Known("paxos-standard", "pax-paxos-standard-token", "usdp", "Pax Dollar", 1.0, 70_000_000.0),
    Known("havven", "snx-synthetix-network-token", "snx", "Synthetix Network", 0.7, 340_000_000.0),
    Known("terra-luna", "luna-terra", "lunc", "Terra Luna Classic", 6.1e-5, 5_500_000_000_000.0),
)

_OPENINGS: Final = (
    "al bar cor dra el fen gal hax ion jor kel lum mar nex or pax qua rin sol tar ul ver wen xan yor zet "
    "bri clo dex eco flu gri hyp iri jun kry lav mon neo oct pri rho syn tri umb vox"
)
_MIDDLES: Final = (
    "a aro bi ca chi da di dor e fa go gra hi i ka lo la me mi na no o pa pi ra ri ro sa se ta te ti to "
    "u va vi wa xa za"
)
_ENDINGS: Final = (
    "bit cast dex dor fi gen grid kin lab lex line lith max mint nar net nium node nova pad pay pole pulse "
    "ra ris rum shard sis sync tal thos ton tron vault verse vex ware x zen"
)
OPENINGS: Final = tuple(_OPENINGS.split())
MIDDLES: Final = tuple(_MIDDLES.split())
ENDINGS: Final = tuple(_ENDINGS.split())
TAILS: Final = (
    "", "", "", "", " Protocol", " Finance", " Token", " Network", " Coin", " Inu", " DAO", " AI", " Swap",
    " Chain", " Labs", " Games", " Cash", " Gold", " USD", " Pay",
)  # fmt: skip
CHAINS: Final = ("ethereum", "base", "solana", "polygon-pos", "arbitrum-one", "binance-smart-chain", "tron")

# Names with no Latin letter: their symbols and ids follow other rules than the rest.
FOREIGN: Final = ("龙币", "月光", "猫咪", "ねこ", "すし", "토끼", "Жук", "Ώμέγα", "🐸🚀", "🌙", "\U0001d54f", "¥€$")
