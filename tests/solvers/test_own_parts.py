"""A user's own operators, archive, selection and strategy, in solvers and in files."""

import sys
from pathlib import Path

import pytest
import yaml
from openevolve.config import Config, LLMConfig
from own_parts import Annotate, Ask, NarrowGrid, RecordingSearch, select_oldest
from tiny import FAST, IDLE, STRAIGHT, Line

from skdecide_elm import IntegratedELM, IntegratedOpenEvolve
from skdecide_elm.config import load_run_config
from skdecide_elm.errors import CheckpointError, ConfigError
from skdecide_elm.llm.scripted import ScriptedLLM, as_model_config

HERE = Path(__file__).parent
MAP = {"features": ["code_length", "mean_steps"], "init_steps": 4}
OWN = {**MAP, "archive": NarrowGrid, "archive_options": {"cells": 7}, "selection": select_oldest}


@pytest.fixture
def initial(tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    return tmp_path / "initial.py"


@pytest.fixture(params=[IntegratedELM, IntegratedOpenEvolve])
def make(request, initial):
    return lambda **settings: request.param(Line, initial, random_seed=1, **{**FAST, "nb_iterations": 6, **settings})


def scripted(reply):
    llm = ScriptedLLM(lambda system, messages: reply(messages[-1]["content"]))
    return llm, Config(llm=LLMConfig(models=[as_model_config(llm)]))


def test_an_operator_proposes_with_no_llm(make):
    with make(operators=[Annotate()]) as solver:
        solver.solve()
        assert solver.best_score == -0.4
        assert "NOTES = " in solver.get_best_program_code()
        assert solver.ledger.total.calls == 0


def test_an_operator_beside_one_of_ours_by_weight(make):
    with make(operators={Annotate(): 3.0, "embedded": 1.0}, tuning_share=0) as solver:
        solver.solve()
        assert solver.iteration == 6
        assert solver.best_score == -0.4


def test_a_class_of_operators_asks_the_models_of_the_run(make):
    def reply(question):
        number = question.partition("number ")[2].partition(":")[0]
        return f"```python\n{STRAIGHT.replace('NOTES = 0', f'NOTES = {number}')}```"

    llm, config = scripted(reply)
    with make(config=config, operators=[Ask]) as solver:
        assert solver.sample_prompt(operator="ask")["user"].startswith("Better than this, number ")
        solver.solve()
        assert solver.best_score == -0.4
        assert solver.ledger.total.calls == len(llm.requests) == 6
        assert [operator for operator, _ in solver.ledger.by_operator_and_model] == ["ask"]


@pytest.mark.parametrize(
    ("operator", "message"),
    [
        (print, "expected an operator: an object with name, num_parents and propose"),
        (Annotate, "or a subclass of LLMOperator; found <class"),
        (type("Anyone", (Annotate,), {"name": "embedded"})(), "expected a name of its own for the operator"),
    ],
)
def test_what_is_no_operator(make, operator, message):
    with pytest.raises(ConfigError, match=message):
        make(operators=[operator])


def elm(initial, section, **settings):
    return IntegratedELM(Line, initial, elm=section, random_seed=1, **{**FAST, "nb_iterations": 8, **settings})


def test_an_archive_and_a_selection(initial, tmp_path):
    with elm(initial, OWN, operators=[Annotate()]) as solver:
        solver.solve()
        assert type(solver.archive) is NarrowGrid
        assert solver.archive.ribs.cells == 14
        found = [elite.code for elite in solver.get_elites()]
        solver.save(tmp_path / "saved")
    with elm(initial, OWN) as other:
        other.load(tmp_path / "saved")
        assert [elite.code for elite in other.get_elites()] == found
    with elm(initial, MAP) as other, pytest.raises(CheckpointError, match="own_parts:NarrowGrid"):
        other.load(tmp_path / "saved")


def test_a_strategy(initial):
    with elm(initial, {"strategy": RecordingSearch}) as solver:
        solver.solve()
        assert type(solver._backend.search.strategy) is RecordingSearch
        assert solver.iteration == 8


def test_an_archive_without_such_an_option(initial):
    with pytest.raises(ConfigError, match=r"archive_options for the archive own_parts:NarrowGrid; .*'rows'"):
        elm(initial, {**OWN, "archive_options": {"rows": 7}}).solve()


def test_all_of_them_in_a_file(initial, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])
    parts = {"archive": "own_parts:NarrowGrid", "selection": "own_parts:select_oldest"}
    content = {
        "max_iterations": 2,
        "domain": {"factory": "tiny:Line", "path": [str(HERE)]},
        "solver": {"name": "IntegratedELM", "operators": ["own_parts:Ask"]},
        "planner": {"initial_program": "initial.py"},
        "elm": {**MAP, **parts},
        "llm": {"primary_model": "nobody", "api_base": "http://127.0.0.1:9"},
    }
    file = initial.parent / "line.yaml"
    file.write_text(yaml.safe_dump(content))
    with load_run_config(file, []).make_solver() as solver:
        assert (solver._elm.archive, solver._elm.selection) == (NarrowGrid, select_oldest)
        assert "Better than this" in solver.sample_prompt(operator="ask")["user"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("gird", "elm.archive: Input should be 'grid', 'cvt'"), ("own_parts:Nobody", "elm.archive: .* 'Nobody'")],
)
def test_no_such_archive(initial, name, message):
    with pytest.raises(ConfigError, match=f"expected settings of ELM; {message}"):
        elm(initial, {"archive": name})
