"""`make identity-eval`: precision, recall and confusions of the rules on labelled pairs, made up and recorded."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from db.likeness import Likeness
from tests.identity import recorded
from tests.identity.labelled import Labelled, labelled
from tests.identity.measure import Couple, Measured, curve, explain, measure
from tests.identity.stories import stories

PRECISION, RECALL = 0.995, 0.90


def main() -> int:
    """Print what was measured; 1 where it falls short of what is promised."""
    good = [_made_up(f"made up, seed {seed}", labelled(seed)) for seed in (1, 2, 3)]
    good += [_made_up(f"story: {story.title}", story.told()) for story in stories()]
    folder = os.environ.get("RECORDED_DATA")
    if folder:
        good += [_recorded(Path(folder), day) for day in recorded.days(Path(folder))]
    else:
        print("RECORDED_DATA names no folder: made-up pairs only")
    return 0 if all(good) else 1


def _made_up(title: str, found: Labelled) -> bool:
    measured = measure(found.assets, found.same, found.traps)
    good = _report(title, measured, found.assets)
    for couple in measured.wrong:
        if couple in found.traps:
            print(f"    trap: {found.traps[couple]}")
    return good


def _recorded(folder: Path, day: str) -> bool:
    assets = recorded.assets(folder, day)
    known = {asset.key for asset in assets}
    same = {couple for couple in recorded.crosswalk(folder) if couple <= known}
    traps = recorded.traps(assets)
    good = _report(f"recorded, {day}, {len(traps)} traps", measure(assets, same, traps), assets)
    for threshold, precision, recall in curve(assets, same):
        print(f"    pairs scored {threshold:.2f} and more: precision {precision:.3f}, recall {recall:.3f}")
    return good


def _report(title: str, measured: Measured, assets: Iterable[Likeness]) -> bool:
    assets = list(assets)
    print(
        f"{title}: precision {measured.precision:.4f}, recall {measured.recall:.4f} "
        f"({measured.right} right, {len(measured.wrong)} wrong, {len(measured.missed)} missed; left for a person: "
        f"{measured.doubtful['right pairs']} right, {measured.doubtful['wrong pairs']} wrong)"
    )
    _list("wrong", measured.wrong, assets)
    _list("missed", measured.missed, assets)
    return measured.precision >= PRECISION and measured.recall >= RECALL


def _list(word: str, couples: Iterable[Couple], assets: list[Likeness]) -> None:
    for couple in couples:
        print(f"    {word}: {explain(couple, assets)}")


sys.exit(main())
