"""Cells as found in real files, one table row each."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.csv_format.cells import UNKNOWN, UnreadableCell, moment_of, number_of, whole_number_of

NUMBERS = [
    ("12739.5", 12739.5),
    ("16723525.0", 16723525.0),
    ("1.932e-05", 1.932e-05),
    ("5e-07", 5e-07),
    ("1E3", 1000.0),
    (".5", 0.5),
    ("0", 0.0),
    ("0.0", 0.0),
    ("-3.93", -3.93),
    ("\u22123.93", -3.93),
    ("+2.01%", 2.01),
    ("-0.60%", -0.6),
    ("2.01 %", 2.01),
    ("$1", 1.0),
    ("$39,979.12", 39979.12),
    ("-$1,234.5", -1234.5),
    ("$-1,234.5", -1234.5),
    ("US$ 5", 5.0),
    ("12.5 USD", 12.5),
    ("USD 12.5", 12.5),
    ("$365,296,029,716", 365296029716.0),
    ("18,769,587 BTC", 18769587.0),
    ("100BTC", 100.0),
    (" 99000000000", 99000000000.0),
    ("21000000 ", 21000000.0),
    ("20 000 000", 20000000.0),
    ("20\u00a0000\u202f000", 20000000.0),
    ("20\u2009000,5", 20000.5),
    ("10.500.000", 10500000.0),
    ("1.234,56", 1234.56),
    ("1.234.567,8", 1234567.8),
    ("1,234.56", 1234.56),
    ("1,234", 1234.0),
    ("$1.234", 1.234),
    ("0,5", 0.5),
    ("0,123", 0.123),
    ("-0,5", -0.5),
    ("1'000", 1000.0),
    ("1\u2019000.5", 1000.5),
    ("1,23,456", 123456.0),
    ("1,23,456.78", 123456.78),
    ("1.1B", 1100000000.0),
    ("$1.2 bn", 1200000000.0),
    ("3.5 million", 3500000.0),
    ("3.5 Million USD", 3500000.0),
    ("12K", 12000.0),
    ("2T", 2e12),
    ("1,5 M", 1500000.0),
]


@pytest.mark.parametrize(("cell", "value"), NUMBERS)
def test_reads_numbers_as_people_write_them(cell: str, value: float) -> None:
    assert number_of(cell) == value


@pytest.mark.parametrize("cell", [*sorted(UNKNOWN), "N/A", "NULL", "NaN", "None", "Infinity", "  "])
def test_unknown_is_none(cell: str) -> None:
    assert number_of(cell) is None


@pytest.mark.parametrize(
    "cell",
    [
        "abc",
        "1.5 2.5",
        "1,234,56",
        "$1.50$2.50",
        "1.2%3.4%",
        "18,769,587 BTC 21,000,000 BTC",
        "{'times': 4.96, 'currency': 'usd'}",
        "1e999",
        "-1e999",
        "9" * 400,
        "$" + "9" * 400,
        "1e400 BTC",
        "1,",
        ",",
        ".",
        "'",
        "+-1",
        "-$-1",
        "1 2",
        "000 123",
        "0.123.456",
        "0x1F",
        "\u20ac5",
        "1..2",
        "12 34 BTC",
        "1 000.000 000",
    ],
)
def test_refuses_what_it_cannot_read_with_confidence(cell: str) -> None:
    with pytest.raises(UnreadableCell):
        number_of(cell)


@pytest.mark.parametrize(
    ("cell", "symbol", "value"),
    [
        ("1,000 1INCH", "1inch", 1000.0),
        ("9,000 T", "T", 9000.0),
        ("$9 T", "T", 9e12),
        ("9T", "T", 9e12),
        ("1.5 B BTC", "BTC", 1.5e9),
        ("100 $$$", "$$$", 100.0),
        ("100 BTC", "", 100.0),
    ],
)
def test_a_cell_may_carry_the_symbol_of_its_row(cell: str, symbol: str, value: float) -> None:
    assert number_of(cell, symbol) == value


@pytest.mark.parametrize(
    ("cell", "rank"), [("1", 1), ("1.0", 1), ("#1", 1), ("# 12", 12), ("1,326", 1326), ("-", None)]
)
def test_ranks_are_whole(cell: str, rank: int | None) -> None:
    assert whole_number_of(cell) == rank


@pytest.mark.parametrize("cell", ["1.5", "first", "1e999"])
def test_other_ranks_are_refused(cell: str) -> None:
    with pytest.raises(UnreadableCell):
        whole_number_of(cell)


NEW_YEAR = datetime(2022, 1, 29, 17, 6, 45, tzinfo=UTC)
DAY = datetime(2022, 1, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("1512549554", datetime(2017, 12, 6, 8, 39, 14, tzinfo=UTC)),
        ("1512549554.0", datetime(2017, 12, 6, 8, 39, 14, tzinfo=UTC)),
        ("1512549554250", datetime(2017, 12, 6, 8, 39, 14, 250_000, tzinfo=UTC)),
        ("1.512549554e9", datetime(2017, 12, 6, 8, 39, 14, tzinfo=UTC)),
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2022-01-29T17:06:45.247Z", NEW_YEAR.replace(microsecond=247_000)),
        ("2022-01-29T18:06:45+01:00", NEW_YEAR),
        ("2022-01-29T17:06:45", NEW_YEAR),
        ("2022-01-29 17:06:45", NEW_YEAR),
        ("2022-01-29 17:06:45 UTC", NEW_YEAR),
        ("2022-01-29 17:06:45+00:00", NEW_YEAR),
        ("Sat, 29 Jan 2022 17:06:45 GMT", NEW_YEAR),
        ("2022/01/29 17:06:45", NEW_YEAR),
        ("29.01.2022 17:06:45", NEW_YEAR),
        ("1/29/2022 17:06:45", NEW_YEAR),
        ("29/1/2022 17:06:45", NEW_YEAR),
        ("2022-01-29", DAY),
        ("20220129", DAY),
        ("Jan 29, 2022", DAY),
        ("29 January 2022", DAY),
        ("", None),
        ("-", None),
        ("NaT", None),
    ],
)
def test_reads_dates_as_utc(cell: str, moment: datetime | None) -> None:
    assert moment_of(cell) == moment


@pytest.mark.parametrize(
    "cell", ["-1", "1969-12-31", "1e999", "1e300", "yesterday", "1/2/2022", "2022-13-01", "0001-01-01T00:00+14:00"]
)
def test_refuses_other_dates(cell: str) -> None:
    with pytest.raises(UnreadableCell):
        moment_of(cell)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_survives_being_written_and_read(value: float) -> None:
    assert number_of(repr(value)) == value


@given(st.integers(0, 10**15))
def test_grouping_does_not_change_a_number(value: int) -> None:
    for mark in (",", " ", "'", "\u00a0"):
        assert number_of("$" + f"{value:,}".replace(",", mark)) == value


@given(st.text(), st.text(max_size=5))
def test_any_text_is_read_or_refused(cell: str, symbol: str) -> None:
    for read in (lambda: number_of(cell, symbol), lambda: whole_number_of(cell), lambda: moment_of(cell)):
        try:
            read()
        except UnreadableCell:
            continue


@given(st.text("0123456789.,' $%+-eEBMKTk\u00a0", max_size=30))
def test_almost_numbers_are_read_or_refused(cell: str) -> None:
    try:
        value = number_of(cell)
    except UnreadableCell:
        return
    assert value is None or -1e308 < value < 1.8e308
