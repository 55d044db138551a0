"""``report``, on real runs of both searches."""

import json
import re
import shutil
from collections import Counter
from html import unescape
from pathlib import Path

import pytest

from skdecide_elm.llm.ledger import Entry, Ledger
from skdecide_elm.report.formatting import percent

SEARCHES = {
    "IntegratedELM": ["elm.init_steps=4", "elm.save_history=true"],
    "IntegratedOpenEvolve": ["database.num_islands=2"],
}
STEPS = 10


def embedded_data(page):
    [text] = re.findall(r'<script type="application/json" id="programs">(.*?)</script>', page, re.DOTALL)
    return json.loads(text)


def program_text(data, program):
    return "\n".join(data["lines"][number] for number in data["programs"][program]["lines"])


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Where finished runs lie, by solver."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def ran(runs, project, command):
    """Makes the folder ``first`` of a finished run by some solver."""

    def ran(solver):
        if not (runs / solver).exists():
            settings = [f"solver={solver}", f"max_iterations={STEPS}", *SEARCHES[solver]]
            command("run", "line.yaml", "-o", runs / solver, *settings)
        return Path(shutil.copytree(runs / solver, project / "first"))

    return ran


@pytest.mark.parametrize("solver", SEARCHES)
def test_a_report_tells_the_run(ran, command, solver):
    folder = ran(solver)
    result = json.loads((folder / "result.json").read_text())
    record = command("report", folder, "--json").record
    assert record["steps"] == STEPS
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert record["report"] == str(folder / "report.html")
    assert record["bytes"] == len(page.encode()) < 10e6
    data = embedded_data(page)
    assert len(data["programs"]) == record["programs"]
    assert program_text(data, data["first"]) == (folder / "best" / "best_program.py").read_text()
    assert float(data["programs"][data["first"]]["score"].replace("−", "-")) == pytest.approx(result["best_score"])
    for section in ("scores", "archive", "comparison", "lineage", "yields", "failures", "final", "about"):
        assert f'id="{section}"' in page
    cells = re.findall(r'class="cell[^"]*"[^>]* data-programs="([^"]*)"', page)
    placed = {program for cell in cells for program in json.loads(unescape(cell))}
    assert placed <= data["programs"].keys()
    assert data["first"] in placed


@pytest.mark.parametrize("solver", SEARCHES)
def test_nothing_of_the_run_is_needed_but_its_folder(ran, project, command, solver):
    folder = ran(solver)
    text = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(text.replace("tiny:Line", "nowhere:Nothing"))
    (project / "line.yaml").unlink()
    (project / "initial.py").unlink()
    (folder / "result.json").unlink()  # as of a run in progress
    command("report", folder, "--output", "elsewhere/page.html")
    page = (project / "elsewhere" / "page.html").read_text(encoding="utf-8")
    assert "has not ended" in page
    assert 'id="comparison"' not in page
    assert not (folder / "report.html").exists()


def test_what_llm_requests_have_cost(ran, command):
    folder = ran("IntegratedOpenEvolve")
    ledger = Ledger(folder / "ledger.jsonl")
    for cost in (0.5, 0.25):
        ledger.record(Entry("diff", "some-model", prompt_tokens=1000, completion_tokens=234, cost=cost))
    whole = (folder / "ledger.jsonl").read_bytes()
    (folder / "ledger.jsonl").write_bytes(whole + b'{"operator": "di')  # of a request that is being written down
    command("report", folder)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert 'id="budget"' in page
    assert "2,468 tokens, cost 0.75" in page
    assert "some-model" in page
    assert (folder / "ledger.jsonl").read_bytes().startswith(whole + b"{"), "a report only reads"


@pytest.mark.parametrize("solver", SEARCHES)
def test_what_the_bandit_of_a_run_knows(project, command, solver):
    operators = "embedded" if solver == "IntegratedELM" else "openevolve, embedded"
    settings = [f"solver.operators=[{operators}]", "solver.tuning_share=0", f"max_iterations={STEPS}"]
    command("run", "line.yaml", "-o", "first", f"solver.name={solver}", *settings)
    command("report", "first")
    [state] = (project / "first" / "checkpoints" / f"checkpoint_{STEPS}").glob("s*.json")
    saved = json.loads(state.read_text())
    bandit = saved["extra"]["bandit"] if "extra" in saved else saved["bandit"]
    page = (project / "first" / "report.html").read_text(encoding="utf-8")
    [table] = re.findall(r'<div id="bandit">.*?</div>', page, re.DOTALL)
    cells = [re.findall("<td>(.*?)</td>", row) for row in re.findall("<tr>.*?</tr>", table)[1:]]
    drawn = Counter(arm for arm, _, _ in bandit["window"])
    assert sum(drawn.values()) == STEPS
    assert {name: (int(own), rate) for name, own, _, rate in cells} == {
        arm: (drawn[arm], percent(rate)) for arm, rate in bandit["rates"].items()
    }


@pytest.mark.parametrize("solver", SEARCHES)
def test_a_run_without_a_bandit_shows_none(ran, command, solver):
    folder = ran(solver)
    command("report", folder)
    assert "bandit" not in (folder / "report.html").read_text(encoding="utf-8").lower()


def test_what_is_no_run_has_no_report(project, command):
    assert "found no config.yaml there" in command("report", project, exit_code=1).stderr
    assert command("report", project, "--json", exit_code=1).record["kind"] == "ConfigError"
    assert "found no config.yaml there" in command("report", project / "missing", exit_code=1).stderr


def test_a_run_without_a_checkpoint_has_no_report_yet(project, command):
    (project / "config.yaml").write_text("{}")
    assert "expected a checkpoint" in command("report", project, exit_code=1).stderr


@pytest.mark.parametrize(
    ("solver", "file", "content"),
    [
        ("IntegratedELM", "run.json", "{"),
        ("IntegratedELM", "result.json", '{"result": {"train": 3}}'),
        ("IntegratedELM", "ledger.jsonl", "nonsense\n"),
        ("IntegratedELM", "config.yaml", "- a list\n"),
        ("IntegratedELM", f"checkpoints/checkpoint_{STEPS}/programs.jsonl", ""),
        ("IntegratedOpenEvolve", f"checkpoints/checkpoint_{STEPS}/skdecide_elm.json", "{}"),
        ("IntegratedOpenEvolve", f"checkpoints/checkpoint_{STEPS}/metadata.json", "{"),
    ],
)
def test_what_is_damaged_is_named(ran, command, solver, file, content):
    folder = ran(solver)
    (folder / file).write_text(content)
    said = command("report", folder, exit_code=1).stderr
    assert (f"checkpoint_{STEPS}" if "checkpoint" in file else file) in said


def test_help_names_examples(command):
    assert "skdecide-elm report " in command("report", "--help").stdout.partition("Examples:")[2]
    assert "report" in command("--help").stdout
