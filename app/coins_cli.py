"""The command line of coins: `kasparro coins review | link | unlink | keep-apart | undo | log | contracts`."""

import sys

import click

from app.command import read_settings, run
from app.source_names import SOURCES


def asset_name(value: str) -> tuple[str, str]:
    """An asset as its source and the source's own id."""
    source, colon, external_id = value.partition(":")
    if not (source and colon and external_id):
        raise click.BadParameter(f"{value!r} is no asset; write SOURCE:ID, for example coingecko:bitcoin")
    return source, external_id


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
why = click.option("--reason", default="", help="Why, for those who look later.")


@click.group()
def coins() -> None:
    """Judge which assets of different sources are one coin.

    Assets are linked by evidence after every run. What is decided here is stronger, and kept through every run.
    An asset is named SOURCE:ID, for example coingecko:bitcoin. docs/identity.md explains the evidence.
    """


@coins.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="How many pairs.")
@as_json
def review(limit: int, as_json: bool) -> None:
    """List pairs that may be one coin and are not linked, the most probable first, with all evidence.

    \b
    Then:  kasparro coins link coingecko:woo-network coinpaprika:woo-wootrade --reason "renamed in 2021"
           kasparro coins keep-apart coingecko:portal-2 coinpaprika:portal-portal
    """
    from app.coins_command import review_doubts

    sys.exit(run(review_doubts(read_settings(to_stderr=True), limit, as_json=as_json)))


@coins.command()
@click.argument("assets", nargs=-1, required=True, type=asset_name, metavar="SOURCE:ID...")
@why
@as_json
def link(assets: tuple[tuple[str, str], ...], reason: str, as_json: bool) -> None:
    """Take assets of different sources for one coin."""
    _change("link", assets, reason, as_json)


@coins.command()
@click.argument("asset", type=asset_name, metavar="SOURCE:ID")
@why
@as_json
def unlink(asset: tuple[str, str], reason: str, as_json: bool) -> None:
    """Take an asset away from its coin, and let no evidence bring it back."""
    _change("unlink", (asset,), reason, as_json)


@coins.command("keep-apart")
@click.argument("assets", nargs=-1, required=True, type=asset_name, metavar="SOURCE:ID...")
@why
@as_json
def keep_apart(assets: tuple[tuple[str, str], ...], reason: str, as_json: bool) -> None:
    """Say that assets are different coins: no evidence links them, and the review lists them no more."""
    _change("keep-apart", assets, reason, as_json)


@coins.command()
@as_json
def undo(as_json: bool) -> None:
    """Take back the last change by hand that is not undone yet; coins are as if it had never been made."""
    _change("undo", (), "", as_json)


@coins.command()
@as_json
def log(as_json: bool) -> None:
    """Show everything that was ever done by hand, the newest first."""
    from app.coins_command import show_log

    sys.exit(run(show_log(read_settings(to_stderr=True), as_json=as_json)))


@coins.command()
@click.argument("sources", nargs=-1, type=click.Choice(SOURCES), metavar="[SOURCE]...")
@as_json
def contracts(sources: tuple[str, ...], as_json: bool) -> None:
    """Read the lists of contract addresses now, and link what they say is one coin.

    Runs do this by themselves every CONTRACTS_EVERY_DAYS. Addresses are the strongest evidence there is.
    """
    from app.coins_command import read_contracts

    sys.exit(run(read_contracts(read_settings(to_stderr=True), sources, as_json=as_json)))


def _change(action: str, assets: tuple[tuple[str, str], ...], reason: str, as_json: bool) -> None:
    from app.coins_command import change

    sys.exit(run(change(read_settings(to_stderr=True), action, assets, reason, as_json=as_json)))
