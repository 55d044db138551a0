"""Directories that `load` must refuse, with the remedy in the message and the solver as it was."""

import json
import shutil

import pytest
from domains import Road
from tiny import FAST, IDLE, STRAIGHT, Line

from skdecide_elm import IntegratedOpenEvolve, ProxyOpenEvolve
from skdecide_elm.errors import CheckpointError


@pytest.fixture(scope="module")
def solver(tmp_path_factory):
    """A solver with a state of its own: one program, at iteration 0."""
    path = tmp_path_factory.mktemp("damaged") / "initial.py"
    path.write_text(STRAIGHT)
    with IntegratedOpenEvolve(Line, path, **FAST, nb_iterations=1) as solver:
        solver.sample_prompt()
        yield solver


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A checkpoint of a run from another program."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "initial.py").write_text(IDLE)
    with IntegratedOpenEvolve(Line, folder / "initial.py", **FAST, nb_iterations=6) as solver:
        solver.solve()
        solver.save(folder / "saved")
    return folder / "saved"


def truncate(file):
    text = file.read_text()
    file.write_text(text[: len(text) // 2])


def edit_state(folder, **changes):
    file = folder / "skdecide_elm.json"
    state = json.loads(file.read_text())
    file.write_text(json.dumps({key: value for key, value in {**state, **changes}.items() if value is not ...}))


DAMAGES = {
    "metadata truncated": lambda folder: truncate(folder / "metadata.json"),
    "metadata missing": lambda folder: (folder / "metadata.json").unlink(),
    "metadata of another kind": lambda folder: (folder / "metadata.json").write_text("[]"),
    "state truncated": lambda folder: truncate(folder / "skdecide_elm.json"),
    "state empty": lambda folder: (folder / "skdecide_elm.json").write_text(""),
    "state of another kind": lambda folder: (folder / "skdecide_elm.json").write_text("[1, 2]"),
    "state not text": lambda folder: (folder / "skdecide_elm.json").write_bytes(b"\xff\xfe\x00"),
    "state without statistics": lambda folder: edit_state(folder, statistics=...),
    "state without initial program": lambda folder: edit_state(folder, initial_program=...),
    "statistics of another kind": lambda folder: edit_state(folder, statistics=3),
    "ledger of another kind": lambda folder: edit_state(folder, ledger=[{"operator": "rewrite", "calls": 1, "x": 2}]),
    "proposals under way without a program": lambda folder: edit_state(folder, under_way=[{"iteration": 3}]),
    "random state of another kind": lambda folder: edit_state(folder, random_state=[3, [1, 2], None]),
    "all programs missing": lambda folder: shutil.rmtree(folder / "programs"),
    "one program missing": lambda folder: next((folder / "programs").iterdir()).unlink(),
    "one program truncated": lambda folder: truncate(next((folder / "programs").iterdir())),
    "one program without code": lambda folder: next((folder / "programs").iterdir()).write_text('{"id": "x"}'),
}
FOREIGN = {
    "nothing there": lambda folder: shutil.rmtree(folder),
    "state missing": lambda folder: (folder / "skdecide_elm.json").unlink(),
    "an OpenEvolve checkpoint": lambda folder: (folder / "skdecide_elm.json").unlink(),
    "a file": lambda folder: [shutil.rmtree(folder), folder.write_text("hello")],
    "an empty folder": lambda folder: [shutil.rmtree(folder), folder.mkdir()],
}


def assert_refused(solver, folder, message):
    before = solver.sample_prompt(), solver.statistics, solver.best_score, solver.iteration
    with pytest.raises(CheckpointError, match=message) as caught:
        solver.load(str(folder))
    assert str(folder) in str(caught.value)
    assert (solver.sample_prompt(), solver.statistics, solver.best_score, solver.iteration) == before
    assert solver.get_best_program_code() == STRAIGHT
    assert solver.sample_action(0).name == "right"


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged(damage, solver, whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "saved")
    DAMAGES[damage](folder)
    assert_refused(solver, folder, "is damaged .*; load another one")


@pytest.mark.parametrize("change", FOREIGN)
def test_foreign(change, solver, whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "saved")
    FOREIGN[change](folder)
    assert_refused(solver, folder, r"found no skdecide_elm\.json there; give the directory that save\(\) wrote")


@pytest.mark.parametrize("version", [1, 99, None, ...])
def test_other_format(version, solver, whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "saved")
    edit_state(folder, format_version=version)
    assert_refused(solver, folder, "expected a checkpoint of format 2 .*; load it with the version")


def test_other_domain(solver, tmp_path):
    with IntegratedOpenEvolve(Road, **FAST) as other:
        other.save(tmp_path / "road")
    assert_refused(solver, tmp_path / "road", r"whose domain is tiny\.Line at .*; found domains\.Road; load it into")


def test_other_solver(solver, tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    with ProxyOpenEvolve(Line, tmp_path / "initial.py", **FAST) as other:
        other.save(tmp_path / "proxy")
    assert_refused(solver, tmp_path / "proxy", "whose solver is IntegratedOpenEvolve at .*; found ProxyOpenEvolve")


def test_a_file_cannot_be_saved_over(solver, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CheckpointError, match="it is a file: name another path"):
        solver.save(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_after_all_refusals_the_solver_goes_on(solver, whole):
    solver.solve()
    assert solver.iteration == 1
    solver.load(whole)
    assert solver.iteration == 6
    assert solver.get_best_program_code() == (whole / "best_program.py").read_text()
