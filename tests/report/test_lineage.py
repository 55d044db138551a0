"""Where a program comes from."""

from views import shown, view_of

from skdecide_elm.report.lineage import final_program, lineage_of

FIRST, SECOND, THIRD = "a\nb\nc\n", "a\nB\nc\n", "a\nB\nc\nd\n"


def lines_of(lineage):
    return [[line for line in step.diff if line[0] in "+-"] for step in lineage.steps]


def test_a_line_of_first_parents_with_what_each_has_changed():
    view = view_of(
        shown("0", FIRST, -3.0),
        shown("1", "other", -9.0),
        shown("2", SECOND, -2.0, ["0"]),
        shown("5", THIRD, -1.0, ["2", "1"]),
    )
    lineage = lineage_of(view, view.programs["5"])
    assert [step.shown.id for step in lineage.steps] == ["0", "2", "5"]
    assert lines_of(lineage) == [[], ["-b", "+B"], ["+d"]]
    assert [[other.id for other in step.others] for step in lineage.steps] == [[], [], ["1"]]
    assert lineage.lost is None


def test_an_ancestor_that_is_not_kept_is_said_so():
    view = view_of(shown("2", SECOND, parents=["0"]), shown("5", THIRD, parents=["2"]))
    lineage = lineage_of(view, view.programs["5"])
    assert [step.shown.id for step in lineage.steps] == ["2", "5"]
    assert lineage.lost == "0"


def test_copies_between_islands_are_no_steps():
    view = view_of(
        shown("0", FIRST),
        shown("0.1", FIRST, parents=["0"], is_copy=True),
        shown("2", SECOND, parents=["0.1"]),
        shown("2.1", SECOND, parents=["2"], is_copy=True),
    )
    lineage = lineage_of(view, view.programs["2.1"])
    assert [step.shown.id for step in lineage.steps] == ["0", "2"]
    assert lines_of(lineage) == [[], ["-b", "+B"]]


def test_a_copy_whose_original_is_gone_stands_for_it():
    view = view_of(shown("0.1", FIRST, parents=["0"], is_copy=True), shown("2", SECOND, parents=["0.1"]))
    assert [step.shown.id for step in lineage_of(view, view.programs["2"]).steps] == ["0.1", "2"]


def test_a_damaged_lineage_ends():
    view = view_of(shown("1", FIRST, parents=["2"]), shown("2", SECOND, parents=["1"]))
    assert [step.shown.id for step in lineage_of(view, view.programs["2"]).steps] == ["1", "2"]


def test_the_final_program_is_found_by_its_text():
    view = view_of(shown("0", FIRST, -3.0), shown("1", SECOND, -1.0), shown("2", SECOND, 0.0), shown("3", THIRD, -1.0))
    assert final_program(view, None).id == "2"
    assert final_program(view, SECOND).id == "2", "the best of those with the same text"
    assert final_program(view, THIRD).id == "3"
    assert final_program(view, "unknown") is None
