"""Where settings come from, what wins, and what is refused."""

import logging

import pytest
import yaml
from loopback import Loopback
from openevolve.config import Config, LLMConfig, LLMModelConfig
from tiny import FAST, IDLE, Line

from skdecide_elm import IntegratedOpenEvolve
from skdecide_elm.errors import ConfigError
from skdecide_elm.llm.embedded import EmbeddedProposer


@pytest.fixture(scope="module")
def initial(tmp_path_factory):
    path = tmp_path_factory.mktemp("configuration") / "initial.py"
    path.write_text(IDLE)
    return path


@pytest.fixture
def make(initial):
    """Makes a solver, which starts no process before it is asked to evaluate."""

    def make(**kwargs):
        return IntegratedOpenEvolve(Line, initial, **{**FAST, "prompt_include_public_api": False, **kwargs})

    return make


def settings(solver):
    return solver._backend._evolution.config


def is_embedded(solver):
    return isinstance(solver._backend._evolution.arms.proposer, EmbeddedProposer)


def write(folder, text):
    file = folder / "config.yaml"
    file.write_text(text)
    return file


# --- what is refused


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("num_island", "num_islands"), ("max_iteration", "max_iterations"), ("temprature", "temperature")],
)
def test_unknown_setting_names_the_nearest(make, name, nearest):
    with pytest.raises(ConfigError, match=f"found '{name}'; did you mean '{nearest}'"):
        make(**{name: 3})


def test_unknown_setting_without_a_neighbour(make):
    with pytest.raises(ConfigError, match="found 'xyzzy'; see the solver's docstring"):
        make(xyzzy=3)


@pytest.mark.parametrize(
    "text",
    [
        "llm: [unclosed",
        "max_iterations: many",
        "just a text",
        "[1, 2]",
        "",
        "llm:\n  models: 3",
        "diff_pattern: '(['",
        "llm:\n  api_key: ${NO_SUCH_VARIABLE_AT_ALL}",
        "database: 3",
    ],
)
def test_broken_file(make, tmp_path, text):
    file = write(tmp_path, text)
    with pytest.raises(ConfigError, match="to be an OpenEvolve configuration") as caught:
        make(config=file)
    assert str(file) in str(caught.value)


def test_missing_file(make, tmp_path):
    for path in (tmp_path / "none.yaml", str(tmp_path / "none.yaml")):
        with pytest.raises(ConfigError, match=r"found none at .*none\.yaml; check the path"):
            make(config=path)


def test_a_folder_is_no_file(make, tmp_path):
    with pytest.raises(ConfigError, match="OpenEvolve"):
        make(config=tmp_path)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("nb_iterations", 0),
        ("nb_iterations", -1),
        ("llm_concurrency", 0),
        ("max_iterations", 0),
        ("evaluator_parallel", 0),
        ("evaluator_parallel", -2),
    ],
)
def test_numbers_below_one(make, setting, value):
    with pytest.raises(ConfigError, match=f"at least 1.*found {value}"):
        make(**{setting: value}).evaluate_program_code(IDLE)


def test_unknown_feature_dimension(make):
    with make(feature_dimensions=["beauty"], nb_iterations=1) as solver, pytest.raises(ConfigError, match="beauty"):
        solver.solve()


# --- what wins


def test_defaults_file_and_keywords(make, tmp_path):
    file = write(tmp_path, "max_iterations: 7\nrandom_seed: 5\ndatabase:\n  num_islands: 4\n  archive_size: 9\n")
    own = settings(make(config=file, num_islands=2, diff_based_evolution=False))
    assert (own.max_iterations, own.random_seed) == (7, 5)
    assert (own.database.num_islands, own.database.archive_size) == (2, 9)
    assert own.diff_based_evolution is False


@pytest.mark.parametrize(
    ("configured", "given", "seconds"), [({}, None, 60), ({"timeout": 7}, None, 7), ({"timeout": 7}, 5, 5)]
)
def test_the_time_limit_of_an_evaluation(make, tmp_path, configured, given, seconds):
    text = yaml.safe_dump({"evaluator": configured})
    solver = make(config=write(tmp_path, text), evaluator_timeout=given)
    assert solver._backend._evaluators.train._task.timeout == seconds


def test_no_such_place_for_evaluations(make):
    with pytest.raises(ConfigError, match=r"expected a number of evaluations at a time.*found 'dusk'"):
        make(evaluator_parallel="dusk")


def test_iterations(make):
    assert make(max_iterations=3)._nb_iterations == 3
    assert make(max_iterations=3, nb_iterations=4)._nb_iterations == 4


def test_keywords_reach_models_that_are_configured_already(make):
    config = Config(llm=LLMConfig(primary_model="mine", api_base="http://127.0.0.1:9/v1", temperature=0.9))
    own = settings(make(config=config, temperature=0.1, timeout=5, retries=1, api_key="k"))
    [model] = own.llm.models
    assert (model.name, model.temperature, model.timeout, model.retries, model.api_key) == ("mine", 0.1, 5, 1, "k")
    assert config.llm.models[0].temperature == 0.9


def test_a_model_may_be_named_by_keyword_or_afterwards(make):
    solver = make(primary_model="mine", api_base="http://127.0.0.1:9/v1", temperature=0.3)
    [model] = settings(solver).llm.models
    assert (model.name, model.api_base, model.temperature) == ("mine", "http://127.0.0.1:9/v1", 0.3)
    config = Config()
    config.llm.primary_model, config.llm.api_base = "mine", "http://127.0.0.1:9/v1"
    [model] = settings(make(config=config)).llm.models
    assert (model.name, model.api_base) == ("mine", "http://127.0.0.1:9/v1")
    assert config.llm.models == []


# --- which LLM


def warnings(caplog):
    return [(r.name, r.getMessage()) for r in caplog.records if r.levelno >= logging.WARNING]


def test_embedded_proposer_without_key_and_model(make, caplog):
    assert is_embedded(make())
    [(name, message)] = warnings(caplog)
    assert name.startswith("skdecide_elm")
    assert "embedded proposer" in message and "OPENAI_API_KEY" in message
    assert sum("embedded proposer" in r.getMessage() for r in caplog.records if r.levelno >= logging.INFO) == 1


@pytest.mark.parametrize("variable", ["environment", "llm.api_key"])
def test_a_key_means_an_llm(make, monkeypatch, caplog, variable):
    config = Config()
    if variable == "environment":
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    else:
        config.llm.api_key = "sk-test"
    solver = make(config=config)
    [model] = settings(solver).llm.models
    assert not is_embedded(solver) and warnings(caplog) == []
    assert (model.name, model.api_key, model.api_base) == ("gpt-4o-mini", "sk-test", "https://api.openai.com/v1")


def test_the_environment_names_model_and_server(make, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_MODEL", "other")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    [model] = settings(make()).llm.models
    assert (model.name, model.api_base) == ("other", "http://127.0.0.1:9/v1")


def test_a_model_of_openai_needs_a_key(make):
    with pytest.raises(ConfigError, match=r"'gpt-5' at https://api\.openai\.com/v1; found none; set OPENAI_API_KEY"):
        make(config=Config(llm=LLMConfig(primary_model="gpt-5")))


def test_a_server_needs_a_model(make):
    with pytest.raises(ConfigError, match=r"ask at llm\.api_base 'http://localhost:1/v1'; found none; add llm"):
        make(api_base="http://localhost:1/v1")


def test_a_local_server_needs_no_key(make):
    config = Config(llm=LLMConfig(primary_model="mine", api_base="http://127.0.0.1:9/v1"))
    assert settings(make(config=config)).llm.models[0].api_key


def test_manual_mode_needs_a_folder(make, tmp_path):
    config = Config(llm=LLMConfig(manual_mode=True, primary_model="me"))
    with pytest.raises(ConfigError, match=r"output_dir for llm\.manual_mode"):
        make(config=config)
    make(config=config, output_dir=tmp_path)
    assert (tmp_path / "manual_tasks_queue").is_dir()


def test_a_yaml_file_is_enough_for_a_local_server(make, tmp_path):
    with Loopback(["prose"]) as server:
        file = write(tmp_path, f"llm:\n  primary_model: mine\n  api_base: {server.url}\n  temperature: 0.25\n")
        with make(config=file, nb_iterations=2) as solver:
            solver.solve()
        assert solver.statistics.rejected_replies == {"no_code": 2}
        assert [(r["model"], r["temperature"]) for r in server.requests] == [("mine", 0.25)] * 2


def test_several_models_share_the_work(make):
    with Loopback(["prose"]) as server:
        models = [LLMModelConfig(name=name, api_base=server.url, weight=0.5) for name in ("one", "two")]
        with make(config=Config(llm=LLMConfig(models=models)), nb_iterations=20) as solver:
            solver.solve()
        assert {request["model"] for request in server.requests} == {"one", "two"}
        assert len(server.requests) == 20
