"""The sources there are, by name; apart from everything else, so that `--help` does not wait for it."""

SOURCES = ("coingecko", "coinpaprika", "csv")
