"""One file for a run: what it may say, and what is said of one that is wrong."""

import inspect
import os
import sys
from pathlib import Path

import pytest
from openevolve.config import Config

from skdecide_elm.config import load_run_config
from skdecide_elm.config.parameters import SOLVERS, parameters_of
from skdecide_elm.errors import ConfigError

ROOT = Path(__file__).parents[2]
TINY = ROOT / "tests" / "solvers"


@pytest.fixture(autouse=True)
def own_path(monkeypatch):
    """Loading a configuration adds to the path, of this process and of those that it starts."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PYTHONPATH", os.environ["PYTHONPATH"])
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def load(tmp_path):
    def load(text, *overrides):
        file = tmp_path / "run.yaml"
        file.write_text(text)
        return load_run_config(file, overrides)

    return load


@pytest.fixture
def refusal(load, tmp_path):
    """What is said of a file, with its name as FILE."""

    def refusal(text, *overrides):
        with pytest.raises(ConfigError) as caught:
            load(text, *overrides)
        return str(caught.value).replace(str(tmp_path / "run.yaml"), "FILE")

    return refusal


# --- what is refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "database:\n  num_island: 3\n",
            "FILE, line 2: expected a setting of the section database; found 'num_island'; did you mean 'num_islands'?",
        ),
        (
            "\nmax_iteration: 3\n",
            "FILE, line 2: expected a setting of the file; found 'max_iteration'; did you mean 'max_iterations'?",
        ),
        (
            "num_islands: 3\n",
            "FILE, line 1: expected a setting of the file; found 'num_islands'; did you mean 'database.num_islands'?",
        ),
        (
            "llm:\n  models:\n    - name: a\n      weigth: 2\n",
            "FILE, line 4: expected a setting of the section llm.models.0; found 'weigth'; did you mean 'weight'?",
        ),
        (
            "max_iterations: 5\nevaluation:\n  tiemout: 4\n",
            "FILE, line 3: expected a setting of the section evaluation; found 'tiemout'; did you mean 'timeout'?",
        ),
        (
            "elm: {archiv: grid}\n",
            "FILE, line 1: expected a setting of the section elm; found 'archiv'; did you mean 'archive'?",
        ),
    ],
)
def test_an_unknown_name(refusal, text, expected):
    assert refusal(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max_iterations: many\n", "FILE, line 1: expected a valid integer for max_iterations; found 'many'"),
        ("max_iterations: 2.5\n", "FILE, line 1: expected a valid integer for max_iterations; found 2.5"),
        ("max_iterations: true\n", "FILE, line 1: expected a valid integer for max_iterations; found True"),
        (
            "# note\nllm:\n  temperature: '0.7'\n",
            "FILE, line 3: expected a valid number for llm.temperature; found '0.7'",
        ),
        (
            "database: {feature_bins: many}\n",
            "FILE, line 1: expected a valid integer or settings by name for database.feature_bins; found 'many'",
        ),
        (
            "solver:\n  name: IntegratedEML\n",
            "FILE, line 2: expected 'IntegratedOpenEvolve', 'ProxyOpenEvolve', 'IntegratedELM' or 'ProxyELM' "
            "for solver.name; found 'IntegratedEML'; did you mean 'IntegratedELM'?",
        ),
        (
            "elm:\n  selection: randk\n",
            "FILE, line 2: expected 'uniform', 'best', 'worst', 'rank', 'tournament', 'curiosity' or 'novelty' "
            "or module:object for elm.selection; found 'randk'; did you mean 'rank'?",
        ),
        (
            "elm: {archive: 'lost_module:Grid'}\n",
            "FILE, line 1: expected a class or function for elm.archive; found 'lost_module:Grid'; the module "
            "'lost_module' cannot be imported (No module named 'lost_module'); install it, or name its folder in "
            "domain.path",
        ),
        (
            "evaluation: {rollout_max_steps: many}\n",
            "FILE, line 1: expected a valid integer or module:object for evaluation.rollout_max_steps; found 'many'",
        ),
        ("evaluation: {timeout: 0}\n", "FILE, line 1: expected greater than 0 for evaluation.timeout; found 0"),
        ("domain: {kwargs: {}}\n", "FILE, line 1: expected domain.factory; it is missing"),
        (
            "llm_prices:\n  a: [1]\n",
            "FILE, line 2: expected llm_prices.a.1; it is missing",
        ),
    ],
)
def test_a_wrong_value(refusal, text, expected):
    assert refusal(text) == expected


@pytest.mark.parametrize(
    ("factory", "expected"),
    [
        ("Maze", "write module:object, such as 'skdecide.hub.domain.maze:Maze'"),
        ("skdecide.hub.domain.maze:Mase", "skdecide.hub.domain.maze has no 'Mase'; did you mean 'Maze'?"),
        (
            "no_such_module:Maze",
            "the module 'no_such_module' cannot be imported (No module named 'no_such_module'); install it, or name "
            "its folder in domain.path",
        ),
        ("math:pi", "'math:pi' is no class and no function, but of type float"),
    ],
)
def test_a_name_of_nothing(refusal, factory, expected):
    found = refusal(f"domain:\n  factory: '{factory}'\n")
    assert found == f"FILE, line 2: expected a class or function for domain.factory; found {factory!r}; {expected}"


def test_all_problems_are_told_in_the_order_of_the_file(refusal):
    text = "max_iterations: x\nllm:\n  temprature: 1\ndatabase:\n  num_islands: y\n"
    assert [line.partition(":")[0] for line in refusal(text).splitlines()] == [
        "FILE, line 1",
        "FILE, line 3",
        "FILE, line 5",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", "FILE, line 3: expected each setting once; found 'a' again, after line 1"),
        ("llm: [unclosed", "FILE: expected YAML; "),
        ("database: 3\n", "FILE, line 1: expected settings by name for database; found 3"),
        ("a: 1\n? [b, c]\n: 3\n", "FILE, line 2: expected the name of a setting; found a sequence"),
        ("a: !!python/object:os.system {}\n", "FILE: expected plain YAML values; could not determine a constructor"),
        ("llm: &a {b: *a}\n", "FILE, line 1: expected a setting of the section llm; found 'b'"),
        ("just a text", "FILE: expected settings by name; found something else"),
        ("", "FILE: expected settings by name; found nothing"),
        ("diff_pattern: '(['", "FILE: expected OpenEvolve's settings; Invalid regex pattern in diff_pattern"),
        ("llm: {api_key: '${NO_SUCH_VARIABLE}'}", "Environment variable NO_SUCH_VARIABLE is not set"),
    ],
)
def test_a_broken_file(refusal, text, expected):
    assert expected in refusal(text)


def test_a_missing_file(tmp_path):
    with pytest.raises(ConfigError, match=r"expected a YAML file at .*none\.yaml"):
        load_run_config(tmp_path / "none.yaml")


def test_a_setting_of_another_solver(refusal):
    text = "solver: IntegratedELM\nplanner:\n  obs_converter: builtins:tuple\n"
    assert refusal(text) == (
        "FILE, line 3: planner.obs_converter is no setting of IntegratedELM; remove it, or choose another solver"
    )


# --- overrides


def test_overrides_replace_what_the_file_says_and_are_named_when_wrong(load, refusal):
    text = "max_iterations: 5\ndatabase: {num_islands: 3}\n"
    config = load(text, "database.num_islands=7", "evaluation.timeout=2.5", "solver.operators=[rewrite, diff]")
    assert (config.openevolve.max_iterations, config.openevolve.database.num_islands) == (5, 7)
    assert config.sections.evaluation.timeout == 2.5
    assert config.sections.solver.operators == ["rewrite", "diff"]
    assert refusal(text, "database.num_islands=x") == (
        "argument 'database.num_islands=x': expected a valid integer for database.num_islands; found 'x'"
    )
    assert "found 'num_island'; did you mean 'num_islands'?" in refusal(text, "database.num_island=1")


@pytest.mark.parametrize("override", ["max_iterations", "=3", "a..b=3", "max_iterations=[", "max_iterations.x=3"])
def test_a_broken_override(refusal, override):
    assert repr(override) in refusal("max_iterations: 5\n", override)


# --- what comes of it


@pytest.mark.parametrize("stem", ["binpacking", "cartpole", "maze", "rcpsp"])
def test_the_examples_mean_to_openevolve_what_they_meant(stem):
    path = ROOT / "configs" / f"{stem}.yaml"
    config = load_run_config(path)
    assert config.openevolve == Config.from_yaml(path)
    assert config.make_solver().get_best_program_code() == (ROOT / "initial_programs" / f"{stem}.py").read_text()


def test_a_file_of_openevolve_alone_is_accepted_and_lacks_a_domain(load):
    config = load("max_iterations: 5\n")
    with pytest.raises(ConfigError, match="expected a section domain"):
        config.make_solver()


EVERYTHING = f"""
max_iterations: 5
domain:
  factory: tiny:Line
  path: ['{TINY}']
  train: [{{}}, {{}}]
  validation: [{{}}]
  test: instances:lines
solver:
  {{name: NAME, target_score: -0.4, operators: {{embedded: 1}}, max_llm_calls: 3, tuning_share: 0, tuning_step: 0.05}}
evaluation: {{rollout_max_steps: 'instances:steps', timeout: 3, parallel: 1, readable_paths: [data]}}
elm: {{archive: grid, init_steps: 2}}
llm_prices: {{some-model: [0.15, 0.6]}}
"""


@pytest.mark.parametrize("name", ["IntegratedOpenEvolve", "IntegratedELM"])
def test_each_section_reaches_the_solver(load, tmp_path, name):
    (tmp_path / "instances.py").write_text("def lines():\n    return [{}] * 3\n\n\ndef steps(domain):\n    return 9\n")
    sys.modules.pop("instances", None)
    config = load(EVERYTHING.replace("NAME", name))
    found = parameters_of(config.sections, config.folder)
    sizes = {split: len(found.pop(f"{split}_domain_factories")) for split in ("evaluator", "validation", "test")}
    assert sizes == {"evaluator": 2, "validation": 1, "test": 3}
    assert found.pop("evaluator_rollout_max_steps")(None) == 9
    elm = found.pop("elm", None)
    assert (elm is not None and elm.init_steps == 2) == (name == "IntegratedELM")
    assert found == {
        "target_score": -0.4,
        "operators": {"embedded": 1},
        "max_llm_calls": 3,
        "tuning_share": 0,
        "tuning_step": 0.05,
        "evaluator_timeout": 3,
        "evaluator_parallel": 1,
        "evaluator_readable_paths": [tmp_path / "data"],
        "llm_prices": {"some-model": (0.15, 0.6)},
    }
    assert type(config.make_solver()) is SOLVERS[name]


UNREACHABLE = {
    "domain_factory",  # the section domain
    "evaluator_domain_factories",
    "validation_domain_factories",
    "test_domain_factories",
    "config",  # OpenEvolve's sections
    "nb_iterations",
    "kwargs",
    "output_dir",  # --output
    "elm",  # a section
    "llm_prices",  # a section
    "prompt_include_public_api_params",  # an object
}


def test_every_parameter_of_every_solver_has_a_place_in_the_file():
    from skdecide_elm.config.sections import EvaluationSection, PlannerSection, SolverSection

    fields = [f for s in (EvaluationSection, PlannerSection, SolverSection) for f in s.model_fields.items()]
    settable = {field.serialization_alias or name for name, field in fields} - {"name"}
    parameters = {name for solver in SOLVERS.values() for name in inspect.signature(solver).parameters}
    assert settable == parameters - UNREACHABLE


def test_defaults_are_those_of_the_solvers(load):
    config = load(f"domain: {{factory: 'tiny:Line', path: ['{TINY}']}}\nsolver: IntegratedOpenEvolve\n")
    for section in (config.sections.solver, config.sections.planner, config.sections.evaluation):
        for name, field in type(section).model_fields.items():
            parameter = inspect.signature(SOLVERS["IntegratedOpenEvolve"]).parameters.get(field.serialization_alias)
            if parameter is not None and name not in ("readable_paths", "descriptors"):
                assert field.default == parameter.default, name
