"""`kasparro coins ...`: doubtful pairs for people and machines, and what people decide of them."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import click
import msgspec
import orjson

from app.command import printable
from app.config import Settings
from app.existing_database import existing_database
from app.services import open_database, open_runner
from db import coin_catalog, decisions, doubts, links
from db.coin_catalog import Membership
from db.decisions import Action
from db.doubts import Doubt
from db.engine import Database
from db.keyset import AnyRow
from db.likeness import Key, Likeness
from etl.errors import EtlError
from etl.identity import by_hand
from etl.identity.by_hand import Refusal
from etl.identity.contract_lists import ListsContracts, refresh

SUCCESS, FAILED = 0, 1
Change = Callable[[Database, list[int], str], Awaitable[int | Refusal]]
CHANGES: dict[str, Change] = {
    "link": by_hand.link,
    "unlink": lambda database, ids, reason: by_hand.unlink(database, ids[0], reason),
    "keep-apart": by_hand.keep_apart,
    "undo": lambda database, _ids, _reason: by_hand.undo(database),
}


async def review_doubts(settings: Settings, limit: int, *, as_json: bool) -> int:
    """Print the doubtful pairs; returns the exit code. Raises SchemaBehind or DatabaseUnavailable."""
    async with existing_database(settings) as database, database.read() as connection:
        found = await doubts.most_probable(connection, limit)
        total = await doubts.count(connection)
    if as_json:
        _print_json({"total": total, "pairs": [_doubt(doubt) for doubt in found]})
        return SUCCESS
    for doubt in found:
        _print_doubt(doubt)
    click.echo(f"{len(found)} of {total} doubtful pairs." if total else "No pair is doubtful.")
    return SUCCESS


async def change(
    settings: Settings, action: str, assets: Sequence[tuple[str, str]], reason: str, *, as_json: bool
) -> int:
    """Carry out what a person decided and print the coin that came of it; returns the exit code."""
    keys = [Key(*asset) for asset in assets]
    async with existing_database(settings) as database:
        async with database.read() as connection:
            ids = await links.ids_of(connection, keys)
        missing = [key for key in keys if key not in ids]
        if missing:
            return _refused(Refusal("UNKNOWN_ASSET", f"there is no asset {_name(missing[0])}"), as_json=as_json)
        answer = await CHANGES[action](database, [ids[key] for key in keys], reason)
        if isinstance(answer, Refusal):
            return _refused(answer, as_json=as_json)
        async with database.read() as connection:
            coin = (await coin_catalog.by_ids(connection, [answer]))[answer]
            members = (await coin_catalog.members(connection, [answer]))[answer]
    if as_json:
        _print_json({"coin": coin.slug, "name": coin.name, "assets": [_member(member) for member in members]})
    else:
        _print_coin(coin, members)
    return SUCCESS


async def show_log(settings: Settings, *, as_json: bool) -> int:
    """Print every action by hand; returns the exit code."""
    async with existing_database(settings) as database, database.read() as connection:
        done = await decisions.actions(connection)
    if as_json:
        _print_json([_action(action) for action in done])
    else:
        for action in done:
            what = f"undo {action.undoes}" if action.undoes else action.action
            names = " ".join(map(_name, action.assets))
            line = f"{action.id:>5}  {action.at:%Y-%m-%d %H:%M:%S}  {what:<10}  {names}  {action.reason}"
            click.echo(printable(line.rstrip()))
    return SUCCESS


async def read_contracts(settings: Settings, sources: Sequence[str], *, as_json: bool) -> int:
    """Read the lists of contract addresses now; returns the exit code. Raises DatabaseUnavailable."""
    wanted = tuple(dict.fromkeys(sources)) or settings.etl_sources
    only = msgspec.structs.replace(settings, etl_sources=wanted)
    told: dict[str, Any] = {}
    async with open_database(settings) as database, open_runner(only, database) as runner:
        for name, source in runner.sources.items():
            if isinstance(source, ListsContracts):
                told[name] = await _read(database, source)
    if as_json:
        _print_json(told)
    else:
        for name, found in told.items():
            click.echo(f"{name}: " + (found["error"] if "error" in found else _counted(**found)))
        if not told:
            click.echo("None of these sources has contracts.")
    return FAILED if any("error" in found for found in told.values()) else SUCCESS


async def _read(database: Database, source: ListsContracts) -> dict[str, Any]:
    try:
        return (await refresh(database, source))._asdict()
    except EtlError as problem:
        return {"error": printable(str(problem))}


def _counted(listed: int, changed: int) -> str:
    return f"{listed:,} contracts, of {changed:,} assets others than before"


def _refused(refusal: Refusal, *, as_json: bool) -> int:
    if as_json:
        _print_json({"error": refusal._asdict()})
    else:
        click.echo(f"Error: {refusal.message}", err=True)
    return FAILED


def _print_doubt(doubt: Doubt) -> None:
    click.echo(f"{doubt.score:.2f}  {printable(_described(doubt.one))}\n      {printable(_described(doubt.other))}")
    click.echo(click.style(f"      {printable('; '.join(doubt.evidence))}", dim=True))
    click.echo(f"      not linked: {printable(doubt.why)}\n")


def _described(asset: Likeness) -> str:
    known = (
        f"#{asset.rank}" if asset.rank else "",
        f"${asset.price_usd:.6g}" if asset.price_usd is not None else "",
        f"{asset.last_updated:%Y-%m-%d %H:%M}" if asset.last_updated else "",
    )
    return "  ".join((_name(asset.key), f"{asset.name} ({asset.symbol})", *filter(None, known)))


def _print_coin(coin: AnyRow, members: Sequence[Membership]) -> None:
    click.echo(printable(f"{coin.name} ({coin.symbol}), coin {coin.slug}:"))
    for member in members:
        click.echo(printable(f"  {member.confidence:.2f}  {_name(member.key)}  {'; '.join(member.evidence)}"))


def _doubt(doubt: Doubt) -> dict[str, Any]:
    sides = {side: _asset(getattr(doubt, side)) for side in ("one", "other")}
    return {"score": doubt.score, "why": doubt.why, "evidence": doubt.evidence, **sides}


def _asset(asset: Likeness) -> dict[str, Any]:
    return {name: getattr(asset, name) for name in Likeness.__struct_fields__}


def _member(member: Membership) -> dict[str, Any]:
    linked_by = "manual" if member.manual else "automatic"
    shown = {"asset": _name(member.key), "confidence": member.confidence, "evidence": member.evidence}
    return {**shown, "linked_by": linked_by, "fresh": member.fresh}


def _action(action: Action) -> dict[str, Any]:
    at: datetime = action.at
    shown = {"id": action.id, "at": at, "action": action.action, "assets": list(map(_name, action.assets))}
    return {**shown, "reason": action.reason, "undoes": action.undoes}


def _name(key: Key) -> str:
    return f"{key.source}:{key.external_id}"


def _print_json(value: Any) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z))
