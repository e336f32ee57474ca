"""What was measured as a Markdown page and a chart. Ratios are taken within each round, then their median."""

import math
import statistics
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

Rounds = Sequence[Mapping[str, float]]
_KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def markdown(found: Mapping[str, Any]) -> str:
    """The tables of everything that was measured."""
    parts = [_machine(found)]
    for kind, rounds in found.get("ingest", {}).items():
        parts.append(_ingest_table(kind, rounds, found["size"]))
    if rounds := found.get("serve"):
        parts += [_serve_table(work, rounds, found["size"]) for work in ("list", "single", "nested")]
    if missing := found["missing"]:
        parts.append("Missing: " + "; ".join(f"{name} ({why})" for name, why in missing.items()) + ".")
    return "\n\n".join(parts) + "\n"


def ratios(rounds: Rounds, base: str) -> dict[str, float]:
    """For each thing measured the median of what it was of `base` in the same round."""
    names = dict.fromkeys(name for each in rounds for name in each)
    return {name: middle([each[name] / each[base] for each in rounds if {name, base} <= each.keys()]) for name in names}


def middle(values: Sequence[float]) -> float:
    """The median; not a number where nothing was measured."""
    return statistics.median(values) if values else math.nan


def _machine(found: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    return (
        f"{found['date']}; {found['machine']}; {found['rounds']} rounds; load average {found['load']}. "
        f"Versions: {versions}."
    )


def _ingest_table(kind: str, rounds: Sequence[Mapping[str, Mapping[str, float]]], size: int) -> str:
    limit = "COPY" if kind == "postgresql" else "executemany"
    rates, speeds = _of_each(rounds, "rate"), _speeds(rounds)
    to_limit, by_cpu = ratios(rates, "limit"), ratios(speeds, "limit")
    lines = [
        f"**Ingest, {_KINDS[kind]}**: {size:,} records; the limit is {limit} of ready rows",
        "",
        "| | records/s | of the limit | CPU, us a record | of the limit, by CPU | of dlt |",
        "|---|---|---|---|---|---|",
    ]
    for name in sorted(to_limit, key=lambda name: -to_limit[name]):
        rate = middle([each[name] for each in rates if name in each])
        cpu = f"{middle([1 / each[name] for each in speeds]):,.0f} | {by_cpu[name]:.2f}" if name in by_cpu else " | "
        lines.append(f"| {_label(name)} | {rate:,.0f} | {to_limit[name]:.2f} | {cpu} | {_of_dlt(rates, name)} |")
    return "\n".join(lines)


def _of_each(rounds: Sequence[Mapping[str, Mapping[str, float]]], figure: str) -> Rounds:
    return [{name: one[figure] for name, one in each.items() if figure in one} for each in rounds]


def _speeds(rounds: Sequence[Mapping[str, Mapping[str, float]]]) -> Rounds:
    """Records a microsecond of CPU."""
    return [{name: 1 / cpu for name, cpu in each.items()} for each in _of_each(rounds, "cpu_us")]


def _of_dlt(rounds: Rounds, name: str) -> str:
    base = "dlt, first" if "first" in name or name == "limit" else "dlt, unchanged"
    return f"{ratios(rounds, base)[name]:.1f}" if any(base in each for each in rounds) else ""


def _label(name: str) -> str:
    return name if name == "limit" or name.startswith("dlt") else f"Kasparro, {name}"


def _serve_table(work: str, rounds: Sequence[Mapping[str, Any]], size: int) -> str:
    names = [name for name in rounds[-1] if work in rounds[-1][name]]
    rates = [{name: each[name][work]["rate"] for name in names} for each in rounds]
    base = "PostGraphile" if "PostGraphile" in names else names[0]
    to_base = ratios(rates, base)
    lines = [
        f"**Serve, `{work}`**: {size:,} assets",
        "",
        f"| | requests/s | of {base} | server CPU, us a request | p99, ms |",
        "|---|---|---|---|---|",
    ]
    for name in sorted(names, key=lambda name: -to_base[name]):
        middle = {
            key: statistics.median(each[name][work][key] for each in rounds) for key in ("rate", "cpu_us", "p99_ms")
        }
        figures = f"{middle['cpu_us']:,.0f} | {middle['p99_ms']:,.1f}"
        lines.append(f"| {name} | {middle['rate']:,.0f} | {to_base[name]:.2f} | {figures} |")
    return "\n".join(lines)


def chart(found: Mapping[str, Any]) -> str:
    """An SVG of horizontal bars, one group for each table: ratios to the limit, or to the fastest."""
    bars: list[tuple[str, float | None]] = []
    for kind, rounds in found.get("ingest", {}).items():
        to_limit = ratios(_speeds(rounds), "limit")
        bars.append((f"Ingest, {_KINDS[kind]}, by CPU (limit = 1)", None))
        bars += [(_label(name), to_limit[name]) for name in sorted(to_limit, key=lambda name: -to_limit[name])]
    if rounds := found.get("serve"):
        rates = [{name: each[name]["list"]["rate"] for name in rounds[-1]} for each in rounds]
        best = max(rates[0], key=lambda name: rates[0][name])
        shares = ratios(rates, best)
        bars.append((f"Serve, list ({best} = 1)", None))
        bars += [(name, shares[name]) for name in sorted(shares, key=lambda name: -shares[name])]
    return _svg(bars)


def _svg(bars: Sequence[tuple[str, float | None]]) -> str:
    height, left, width = 22, 270, 760
    longest = max((value for _, value in bars if value is not None), default=1.0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height * len(bars) + 10}" font-size="13">',
        "<title>Ratios measured by make bench</title>",
        '<g font-family="sans-serif"><rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for n, (label, value) in enumerate(bars):
        y = n * height + 18
        if value is None:
            parts.append(f'<text x="8" y="{y}" font-weight="bold">{escape(label)}</text>')
            continue
        length = max(1.0, (width - left - 60) * value / longest)
        color = "#2563eb" if label.startswith("Kasparro") else "#9ca3af"
        parts.append(f'<text x="{left - 8}" y="{y}" text-anchor="end">{escape(label)}</text>')
        parts.append(f'<rect x="{left}" y="{y - 12}" width="{length:.1f}" height="14" fill="{color}"/>')
        parts.append(f'<text x="{left + length + 6:.1f}" y="{y}">{value:.2f}</text>')
    return "\n".join((*parts, "</g></svg>", ""))
