"""The console's tables of assets and coins and their pages, in a browser."""

import re
import sqlite3
from contextlib import closing

from playwright.sync_api import Page, expect

from tests.pages.browser import Visitor
from tests.pages.console import counted, enter_token, grid, opened, rows, toast
from tests.pages.service import Service

COINS = "{ coins(first: 100) { nodes { slug assets { asset { externalId source } } } } }"
POINT = """
INSERT INTO asset_history (asset_id, at, price_usd, record_id, run_id, recorded_at)
SELECT id, ?, ?, 'made up', run_id, ? FROM assets WHERE source = 'coinpaprika' AND external_id = 'btc-bitcoin'
"""


def name_of_first(page: Page, table: str = "Assets") -> str:
    return rows(page, table).first.locator(".asset-name b").inner_text()


def test_the_table_scrolls_to_its_end(visitor: Visitor, running: Service) -> None:
    page = opened(visitor, "assets")
    total = running.ask("{ assets { totalCount } }")["assets"]["totalCount"]
    expect(page.get_by_text(f"{total:,} assets")).to_be_visible()
    assert rows(page, "Assets").count() < 60 < total
    grid(page, "Assets").evaluate("grid => grid.scrollTo(0, grid.scrollHeight)")
    last = grid(page, "Assets").locator(f'[aria-rowindex="{total + 1}"]')
    expect(last.locator(".asset-name")).to_be_visible()
    grid(page, "Assets").evaluate("grid => grid.scrollTo(0, grid.scrollHeight / 2)")
    middle = grid(page, "Assets").locator(f'[aria-rowindex="{total // 2}"]')
    expect(middle.locator(".asset-name")).to_be_visible()


def test_search_filter_and_sort_stand_in_the_address(visitor: Visitor) -> None:
    page = opened(visitor, "assets")
    page.get_by_role("searchbox").press_sequentially("bitcoin")
    expect(page).to_have_url(re.compile("q=bitcoin"))
    expect(rows(page, "Assets").first).to_contain_text("Bitcoin")
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Source").select_option("coinpaprika")
    expect(page).to_have_url(re.compile("source=coinpaprika"))
    page.get_by_role("button", name="Price").click()
    expect(page).to_have_url(re.compile("sort=-price"))
    expect(rows(page, "Assets").filter(has_text="CoinGecko")).to_have_count(0)
    found = counted(page, "assets")
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("bitcoin")
    expect(page.get_by_text(f"{found} assets")).to_be_visible()
    page.get_by_role("searchbox").fill("no such asset at all")
    expect(page.get_by_text("No asset fits")).to_be_visible()


def test_chosen_columns_are_remembered(visitor: Visitor) -> None:
    page = opened(visitor, "assets")
    head = grid(page, "Assets").get_by_role("columnheader", name="Max supply")
    expect(head).to_have_count(0)
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Max supply").check()
    expect(head).to_be_visible()
    page.reload()
    expect(head).to_be_visible()


def test_rows_have_a_small_chart_of_their_last_changes(visitor: Visitor, running: Service) -> None:
    points = [(f"2025-01-20T10:0{price}:00.000000Z", price) for price in (1, 2)]
    with closing(sqlite3.connect(running.database)) as database, database:
        database.executemany(POINT, [(at, price, at) for at, price in points])
    page = opened(visitor, "assets?q=btc-bitcoin")
    expect(rows(page, "Assets").filter(has_text="Bitcoin").locator(".spark polyline")).to_be_visible()


def test_arrow_keys_and_enter_open_a_row(visitor: Visitor) -> None:
    page = opened(visitor, "assets?source=coingecko")
    name = name_of_first(page)
    grid(page, "Assets").focus()
    page.keyboard.press("ArrowDown")
    expect(rows(page, "Assets").first).to_have_class(re.compile("grid-active"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_an_asset_shows_history_figures_and_where_they_came_from(visitor: Visitor) -> None:
    page = opened(visitor, "assets?source=coingecko")
    rows(page, "Assets").first.click()
    chart = page.get_by_role("img", name="Price over time")
    expect(chart.locator("canvas")).to_be_visible()
    expect(page.get_by_role("region", name="The record as received")).to_contain_text('"current_price"')
    expect(page.locator(".lineage")).to_contain_text("Incremental run")
    box = chart.bounding_box()
    assert box is not None
    chart.click(position={"x": box["width"] - 30, "y": box["height"] / 2})
    expect(page.get_by_role("heading", name="Where the picked point came from")).to_be_visible()
    expect(page.get_by_role("region", name="The record as received")).to_contain_text('"current_price"')
    page.get_by_role("button", name="7 d", exact=True).click()
    expect(page).to_have_url(re.compile("range=7d"))


def test_a_coin_shows_its_sources_side_by_side(visitor: Visitor) -> None:
    page = opened(visitor, "coins?q=bitcoin")
    rows(page, "Coins").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bitcoin")
    table = page.get_by_role("region", name="Sources side by side")
    for text in ("CoinGecko", "CoinPaprika", "name equal"):
        expect(table).to_contain_text(text)
    expect(page.get_by_role("button", name="Unlink").first).to_be_disabled()
    table.get_by_role("link", name="CoinPaprika").click()
    expect(page.get_by_role("region", name="The record as received")).to_contain_text("btc-bitcoin")


def test_an_asset_is_linked_to_a_coin_and_taken_away_by_hand(visitor: Visitor, running: Service) -> None:
    coins = running.ask(COINS)["coins"]["nodes"]
    alone = [(coin["slug"], coin["assets"][0]["asset"]) for coin in coins if len(coin["assets"]) == 1]
    slug = next(slug for slug, asset in alone if asset["source"] == "coingecko")
    other = next(asset["externalId"] for _, asset in alone if asset["source"] == "coinpaprika")
    page = opened(visitor, f"coins/{slug}")
    enter_token(page)
    page.get_by_role("button", name="Link another asset").click()
    page.get_by_label("Name, symbol or id").fill(other)
    page.get_by_role("dialog").get_by_role("listitem").filter(has_text=other).get_by_role("button", name="Link").click()
    expect(toast(page)).to_contain_text("Linked")
    row = page.get_by_role("row").filter(has_text="CoinPaprika")
    expect(row).to_contain_text("Linked by hand")
    row.get_by_role("button", name="Unlink").click()
    expect(toast(page)).to_contain_text("Unlinked")
    expect(row).to_have_count(0)
    for _ in ("unlinked", "linked"):
        assert running.ask("mutation { undoLink { errors { code } } }") == {"undoLink": {"errors": []}}


def test_what_is_not_there_is_told(visitor: Visitor) -> None:
    page = opened(visitor, "assets/QXNzZXQ6OTk5OTk5")
    expect(page.get_by_text("There is no such asset")).to_be_visible()
    page.goto(f"{visitor.base}/#/nowhere")
    expect(page.get_by_text("There is no such page")).to_be_visible()
