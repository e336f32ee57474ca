"""The rules keep what they promise on labelled pairs that nobody tuned them to."""

import os
from pathlib import Path

import pytest

from tests.identity import recorded
from tests.identity.labelled import labelled
from tests.identity.measure import measure
from tests.identity.stories import Story, stories

DATA = Path(os.environ.get("RECORDED_DATA", "absent"))


@pytest.mark.parametrize("seed", range(10, 14))
def test_links_are_right_and_most_are_found(seed: int) -> None:
    found = labelled(seed)
    measured = measure(found.assets, found.same, found.traps)
    assert measured.wrong == ()
    assert measured.recall >= 0.90


def test_every_kind_of_trap_is_laid_and_stays_apart() -> None:
    found = labelled(7)
    assert {"same symbol", "stock", "copy", "same name, another coin", "slug moved", "twins"} == set(
        found.traps.values()
    )
    assert not set(found.traps) & set(measure(found.assets, found.same, found.traps).wrong)


STORIES = list(stories())


@pytest.mark.parametrize("story", STORIES, ids=[story.title for story in STORIES])
def test_nothing_is_linked_that_a_story_keeps_apart(story: Story) -> None:
    told = story.told()
    assert measure(told.assets, told.same, told.traps).wrong == ()


def test_most_coins_of_the_stories_are_found() -> None:
    measured = [measure(told.assets, told.same, told.traps) for told in (story.told() for story in STORIES)]
    right, missed = sum(each.right for each in measured), sum(len(each.missed) for each in measured)
    assert right / (right + missed) >= 0.95


@pytest.mark.skipif(not DATA.is_dir(), reason="RECORDED_DATA names no folder")
def test_recorded_lists_agree_with_pairs_kept_by_hand() -> None:
    for day in recorded.days(DATA):
        assets = recorded.assets(DATA, day)
        known = {asset.key for asset in assets}
        traps = recorded.traps(assets)
        measured = measure(assets, {couple for couple in recorded.crosswalk(DATA) if couple <= known}, traps)
        assert len(traps) > 10
        assert measured.wrong == ()
        assert measured.recall >= 0.90
