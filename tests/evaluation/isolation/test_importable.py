"""What lies on PYTHONPATH can be imported by programs; what lies beside it stays closed."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from evaluation.corridor import corridor_task, program

from skdecide_elm.evaluation import EvaluationPool
from skdecide_elm.evaluation.isolation.importable import importable_paths


@pytest.fixture
def project(monkeypatch) -> Iterator[Path]:
    """A working folder on PYTHONPATH, which is taken for one beside the temporary folder."""
    place = Path(tempfile.mkdtemp(prefix="project_"))
    for name, text in {
        "moves.py": "STEP = 7",
        "tools/__init__.py": "from tools.inner import DEPTH",
        "tools/inner.py": "DEPTH = 3",
        ".env": "KEY=secret",
        "key.txt": "secret",
        "data/key.json": "secret",
        ".hidden/__init__.py": "",
    }.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(place))
    monkeypatch.setattr("tempfile.tempdir", "/tmp/elsewhere")
    yield place
    shutil.rmtree(place)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in importable_paths() if folder in path.parents)


def test_modules_and_packages_by_name(project):
    assert names(project) == ["moves.py", "tools"]


def test_a_folder_of_installed_packages_as_a_whole(project):
    (project / "moves-1.0.dist-info").mkdir()
    assert project in importable_paths()


def test_nothing_of_a_folder_that_holds_the_home_folder(project, monkeypatch):
    monkeypatch.setenv("HOME", str(project / "data"))
    assert names(project) == []


def test_folders_that_are_not_there(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/nowhere", ""]))
    assert not any("nowhere" in str(path) for path in importable_paths())


def test_packages_installed_for_editing(tmp_path, project, monkeypatch):
    packages = tmp_path
    (packages / "_editable.pth").write_text(f"import sys; sys\n{project}\n")
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr("site.getsitepackages", lambda: [str(packages)])
    assert names(project) == ["moves.py", "tools"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has Landlock")
def test_a_confined_program_imports_them_and_reads_nothing_else(project, monkeypatch):
    monkeypatch.syspath_prepend(project)
    code = f"""
import moves, tools
print(moves.STEP, tools.DEPTH)
for name in ('.env', 'key.txt', 'data/key.json'):
    try:
        print(open({str(project)!r} + '/' + name).read())
    except PermissionError:
        print('closed')
"""
    monkeypatch.setattr("tempfile.tempdir", None)
    for readable, output in (((), None), (_paths_of(project), "7 3\nclosed\nclosed\nclosed\n")):
        task = corridor_task(timeout=20, isolation="auto", threads=False, readable=readable)
        with EvaluationPool(task, workers=1) as pool:
            evaluation = pool.evaluate(program("return 'right'", code))
        assert evaluation.artifacts.get("output") == output
        assert evaluation.is_valid == bool(output)


def _paths_of(project: Path) -> tuple[Path, ...]:
    return (project / "moves.py", project / "tools")
