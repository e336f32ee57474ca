"""CSV rows as JSON objects: no cell is lost, whatever the line."""

from hypothesis import given
from hypothesis import strategies as st

from graphql_schema.raw_record import cells_by_column

_line = st.text(st.sampled_from('ab,;\t|" \r\n') | st.characters())


@given(_line, _line)
def test_any_line_becomes_an_object(header: str, line: str) -> None:
    found = cells_by_column(header, line)
    assert all(isinstance(column, str) for column in found)


def test_cells_by_column() -> None:
    assert cells_by_column("id,name", '1,"a,b"') == {"id": "1", "name": "a,b"}
    assert cells_by_column("id\tname", "1\t") == {"id": "1", "name": ""}
    assert cells_by_column("id", "1") == {"id": "1"}
    assert cells_by_column("a,column 3,a", "1,2,3,4") == {"a": "1", "column 3": "2", "a 2": "3", "column 4": "4"}
    assert cells_by_column("column 2,a", "1,2,3") == {"column 2": "1", "a": "2", "column 3": "3"}
