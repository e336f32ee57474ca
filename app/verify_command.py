"""`kasparro verify`: a line for every invariant, and the exit code that a script can rely on."""

from dataclasses import asdict
from typing import Any

import click
import orjson

from app.config import Settings
from app.environment import Secret
from app.existing_database import existing_database
from db.verify import verification
from db.verify.verification import Finding, Report

SUCCESS, FAILED = 0, 1


async def verify_database(settings: Settings, *, as_json: bool) -> int:
    """Ask every invariant and print the answers; returns the exit code.

    Raises SchemaBehind or DatabaseUnavailable.
    """
    async with existing_database(settings) as database:
        report = await verification.verify(database, _secrets(settings), _ignore if as_json else _print_finding)
    if as_json:
        click.echo(orjson.dumps(asdict(report), option=orjson.OPT_INDENT_2))
    else:
        _print_verdict(report)
    return SUCCESS if report.ok else FAILED


def _secrets(settings: Settings) -> dict[str, str]:
    """Every secret that is configured, by the name of its variable."""
    values = {name.upper(): getattr(settings, name) for name in settings.__struct_fields__}
    return {name: value.reveal() for name, value in values.items() if isinstance(value, Secret)}


def _ignore(finding: Finding) -> None:
    pass


def _print_finding(finding: Finding) -> None:
    verdict = click.style("FAIL", fg="red", bold=True) if finding.violations else click.style(" ok ", fg="green")
    click.echo(f"{finding.number:>2} {verdict} {finding.violations:>7,} {finding.seconds:>8.2f} s  {finding.name}")
    for row in finding.sample:
        click.echo(click.style(f"   {_line(row)}", dim=True))
    if finding.violations > len(finding.sample):
        click.echo(f"   ... and {finding.violations - len(finding.sample):,} more")


def _line(row: dict[str, Any]) -> str:
    return "  ".join(f"{name}={value if value is not None else 'NULL'}" for name, value in row.items())


def _print_verdict(report: Report) -> None:
    broken = [finding.number for finding in report.invariants if finding.violations]
    if broken:
        verdict = click.style(f"broken: {', '.join(map(str, broken))}", fg="red", bold=True)
    else:
        verdict = click.style("all hold", fg="green", bold=True)
    when = f"{report.checked_at:%Y-%m-%d %H:%M:%S} UTC"
    click.echo(f"{len(report.invariants)} invariants as of {when}, {report.seconds:.2f} s: {verdict}")
