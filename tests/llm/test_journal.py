import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.errors import CheckpointError
from skdecide_elm.llm.journal import Journal

RECORDS = st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.none(), max_size=3), max_size=4)


@given(RECORDS, st.integers(0, 200), RECORDS)
def test_a_file_cut_anywhere_keeps_its_whole_lines_and_goes_on(tmp_path_factory, records, cut, more):
    path = tmp_path_factory.mktemp("journal") / "new" / "file.jsonl"
    for record in records:
        Journal(path).append(record)
    if path.exists():
        data = path.read_bytes()
        path.write_bytes(data[: max(0, len(data) - cut)])
        kept = path.read_bytes().count(b"\n")
    else:
        kept = 0
    journal = Journal(path)
    assert journal.read() == records[:kept]
    for record in more:
        journal.append(record)
    assert Journal(path).read() == [*records[:kept], *more]


@pytest.mark.parametrize("line", ["no json", "[1, 2]", "3"])
def test_a_damaged_line_within_is_named(tmp_path, line):
    path = tmp_path / "file.jsonl"
    path.write_text(f'{{"a": 1}}\n{line}\n{{"b": 2}}\n')
    with pytest.raises(CheckpointError, match="JSON on line 2 of"):
        Journal(path).read()


def test_not_a_number_is_no_json(tmp_path):
    with pytest.raises(ValueError):
        Journal(tmp_path / "file").append({"cost": float("nan")})
    assert not (tmp_path / "file").exists()
