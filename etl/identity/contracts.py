"""Contract addresses in one form, whatever the source calls the platform they are on."""

from db.likeness import Contract

# CoinPaprika's and CoinGecko's names of one platform. Others are compared by the name they have.
PLATFORMS = {
    "eth-ethereum": "ethereum",
    "bnb-binance-coin": "binance-smart-chain",
    "bsc-binance-smart-chain": "binance-smart-chain",
    "binancecoin": "binance-smart-chain",
    "matic-polygon": "polygon-pos",
    "pol-polygon-ecosystem-token": "polygon-pos",
    "avax-avalanche": "avalanche",
    "ftm-fantom": "fantom",
    "sol-solana": "solana",
    "trx-tron": "tron",
    "arb-arbitrum": "arbitrum-one",
    "arbitrum": "arbitrum-one",
    "op-optimism": "optimistic-ethereum",
    "optimism": "optimistic-ethereum",
    "base": "base",
    "base-base": "base",
    "cro-cryptocom-chain": "cronos",
    "celo-celo": "celo",
    "one-harmony": "harmony-shard-0",
    "ht-huobi-token": "huobi-token",
    "okt-oec-token": "okex-chain",
    "xdai-xdai": "xdai",
    "gno-gnosis": "xdai",
    "near-near-protocol": "near-protocol",
    "algo-algorand": "algorand",
    "ada-cardano": "cardano",
    "xlm-stellar": "stellar",
    "eos-eos": "eos",
    "waves-waves": "waves",
    "neo-neo": "neo",
    "sui-sui": "sui",
    "apt-aptos": "aptos",
    "ton-toncoin": "the-open-network",
    "toncoin": "the-open-network",
}


def normalized(platform: str, address: str) -> Contract | None:
    """The contract in the form in which equal ones are equal; None where there is no address.

    Hexadecimal addresses are the same in any case; other alphabets tell the cases apart.
    """
    address = address.strip()
    if not address or not platform.strip():
        return None
    if address[:2].lower() == "0x":
        address = address.lower()
    name = platform.strip().lower()
    return PLATFORMS.get(name, name), address
