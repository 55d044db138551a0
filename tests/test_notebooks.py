"""The notebooks: each runs from top to bottom, without a key, in a kernel of this interpreter."""

import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "notebooks"
STEMS = sorted(path.stem for path in FOLDER.glob("*.ipynb"))


@pytest.fixture(autouse=True)
def no_key_and_nothing_left_behind(monkeypatch, tmp_path):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "jupyter"))


def read(stem):
    return nbformat.read(FOLDER / f"{stem}.ipynb", as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(notebook):
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.mark.parametrize(
    ("folder", "suffix"), [("initial_programs", ".py"), ("evaluators", ".py"), ("configs", ".yaml")]
)
def test_the_stems_are_the_same_in_every_folder(folder, suffix):
    assert sorted(path.stem for path in (ROOT / folder).glob(f"*{suffix}")) == STEMS


def test_the_kernel_is_this_interpreter():
    command = KernelManager(kernel_name="python3").format_kernel_cmd()
    assert command[:3] == [sys.executable, "-m", "ipykernel_launcher"], (
        "expected the kernelspec python3 of this environment; a kernelspec of the same name in your home hides it: "
        "see `jupyter kernelspec list`"
    )


@pytest.mark.parametrize("stem", STEMS)
def test_no_output_is_stored(stem):
    notebook = read(stem)
    nbformat.validate(notebook)
    assert notebook.nbformat == 4
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code_cells(notebook))


@pytest.mark.parametrize("stem", STEMS)
def test_notebook_uses_the_files_of_its_example(stem):
    source = "\n".join(cell.source for cell in code_cells(read(stem)))
    assert all(
        f'ROOT / "{path}"' in source
        for path in (f"initial_programs/{stem}.py", f"evaluators/{stem}.py", f"configs/{stem}.yaml")
    )


@pytest.mark.parametrize("stem", STEMS)
def test_notebook_runs(stem):
    notebook = read(stem)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": FOLDER}})
    client.execute()  # raises where a cell does
    assert "Iteration 0: new best program" in printed(notebook)
    assert all(cell.execution_count for cell in code_cells(notebook))
