"""`IntegratedELM` and `ProxyELM`: the surface, checkpoints, and what they share with OpenEvolve's solvers."""

import _thread
import asyncio
import inspect
import math
import re
import threading
import time

import pytest
from mirrored import UnseededLine
from openevolve.config import Config, LLMConfig
from ribs.archives import ArchiveBase
from tiny import FAST, IDLE, STRAIGHT, Line, Move

from skdecide_elm import IntegratedELM, IntegratedOpenEvolve, ProxyELM, ProxyOpenEvolve
from skdecide_elm.errors import CheckpointError, ConfigError
from skdecide_elm.llm.scripted import ScriptedLLM, as_model_config

MAP = {"features": ["code_length", "mean_steps"], "init_steps": 6}

PROXY = """\
# EVOLVE-BLOCK-START
class Planner:
    def sample_action(self, observation):
        return -1
# EVOLVE-BLOCK-END
"""


@pytest.fixture
def initial(tmp_path):
    path = tmp_path / "initial.py"
    path.write_text(IDLE)
    return path


@pytest.fixture
def make(initial):
    solvers = []

    def make(steps=20, elm=MAP, **settings):
        solver = IntegratedELM(Line, initial, elm=elm, **{"random_seed": 3, **FAST, **settings}, nb_iterations=steps)
        solvers.append(solver)
        return solver

    yield make
    for solver in solvers:
        solver.close()


def contents(solver):
    return [(elite.id, elite.code, dict(elite.evaluation.metrics)) for elite in solver.get_elites()]


def test_a_map_of_programs(make):
    solver = make()
    assert (solver.coverage, solver.qd_score, solver.archive, solver.get_elites()) == (0.0, 0.0, None, [])
    solver.solve()
    elites = solver.get_elites()
    scores = [elite.evaluation.combined_score for elite in elites]
    assert scores == sorted(scores, reverse=True)
    assert solver.best_score == scores[0]
    best = [elite.code for elite in elites if elite.evaluation.combined_score == scores[0]]
    assert solver.get_best_program_code() in best
    assert solver.coverage == len(elites) / 100
    assert solver.qd_score == pytest.approx(sum(score - scores[-1] for score in scores))
    assert isinstance(solver.archive.ribs, ArchiveBase)
    assert sorted(solver.archive.ribs.data("solution")) == sorted(elite.code for elite in elites)
    assert solver.statistics.steps == solver.iteration == 20
    assert solver.evaluate_program_code(elites[0].code).metrics["combined_score"] == scores[0]


def test_a_run_that_goes_on_from_a_checkpoint_ends_as_one_that_was_not_interrupted(make, tmp_path):
    whole = make(24, output_dir=tmp_path / "run", checkpoint_interval=11)
    whole.solve()
    resumed = make(13)
    resumed.load(str(tmp_path / "run" / "checkpoints" / "checkpoint_11"))
    assert resumed.iteration == 11
    resumed.solve()
    assert contents(resumed) == contents(whole)
    assert str(resumed.statistics) == str(whole.statistics)
    resumed.load(str(tmp_path / "run" / "checkpoints" / "checkpoint_24"))
    assert contents(resumed) == contents(whole)
    assert (tmp_path / "run" / "best" / "best_program.py").read_text() == whole.get_best_program_code()


def test_the_seed_of_the_episodes_comes_with_the_checkpoint(make, tmp_path):
    solver = make(3, evaluator_seed=5)
    solver.solve()
    solver.save(str(tmp_path / "saved"))
    other = make(3, random_seed=9, evaluator_seed=None)
    other.load(str(tmp_path / "saved"))
    assert other.evaluator_seed == 5
    kept = make(3, evaluator_seed=6)
    kept.load(str(tmp_path / "saved"))
    assert kept.evaluator_seed == 6


def test_checkpoints_of_other_searches_are_refused(make, initial, tmp_path):
    solver = make(2)
    solver.solve()
    solver.save(str(tmp_path / "saved"))
    before = contents(solver)
    with pytest.raises(CheckpointError, match=r"whose archive is cvt \{\}"):
        make(2, {**MAP, "archive": "cvt"}).load(str(tmp_path / "saved"))
    with IntegratedOpenEvolve(Line, initial, **FAST, nb_iterations=1) as other:
        other.solve()
        other.save(str(tmp_path / "other"))
        with pytest.raises(CheckpointError, match="expected a checkpoint"):
            other.load(str(tmp_path / "saved"))
    with pytest.raises(CheckpointError, match="whose solver is IntegratedELM"):
        solver.load(str(tmp_path / "other"))
    assert contents(solver) == before


def test_in_a_running_event_loop(make, caplog):
    async def notebook():
        solver = make(3)
        assert solver.sample_prompt() == {"system": "", "user": ""}
        assert "the embedded operator is next, which asks no LLM" in caplog.text
        solver.solve()
        return solver.iteration

    assert asyncio.run(notebook()) == 3


def test_ctrl_c_keeps_what_was_found_and_solve_goes_on(make):
    solver = make(100_000)

    def interrupt(after):
        while solver.iteration < after:
            time.sleep(0.005)
        _thread.interrupt_main()

    for _ in range(2):
        after = solver.iteration + 3
        threading.Thread(target=interrupt, args=[after], daemon=True).start()
        solver.solve()
        assert after <= solver.iteration < 100_000
        assert solver.get_elites()


@pytest.mark.parametrize("strategy", ["genetic", "one_plus_one", "random", "best_of_n"])
def test_baselines_have_a_best_and_no_archive(make, strategy):
    solver = make(8, {"strategy": strategy})
    solver.solve()
    assert (solver.archive, solver.coverage, solver.qd_score) == (None, 0.0, 0.0)
    assert [elite.code for elite in solver.get_elites()] == [solver.get_best_program_code()]
    assert math.isfinite(solver.best_score)


def test_validation_chooses_the_final_program(make):
    solver = make(10, validation_domain_factories=[Line], validation_candidates=3)
    solver.solve()
    best = solver.get_elites()[:3]
    assert solver.get_best_program_code() in [elite.code for elite in best]
    assert solver.get_result().validation is not None


def test_settings_from_the_section_elm_of_a_configuration(initial, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("max_iterations: 4\nelm:\n  archive: deep_grid\n  archive_options: {depth: 2}\n  init_steps: 2\n")
    with IntegratedELM(Line, initial, config=file, **FAST) as solver:
        solver.solve()
        assert solver.iteration == 4
        assert solver.archive.ribs.depth == 2


def test_what_elm_cannot_do_is_said(make):
    with pytest.raises(ConfigError, match="no evaluator_racing"):
        make(evaluator_racing=True)
    with pytest.raises(ConfigError, match="operators other than 'openevolve'"):
        make(operators=["openevolve"])


def test_programs_that_know_nothing_of_scikit_decide(tmp_path):
    (tmp_path / "proxy.py").write_text(PROXY)
    with ProxyELM(
        Line, tmp_path / "proxy.py", planner_action_converter=Move, **FAST, random_seed=1, nb_iterations=10, elm=MAP
    ) as solver:
        solver.solve()
        assert solver.get_elites()
        assert solver.sample_action(0) in Move
        better = solver.evaluate_program_code(PROXY.replace("-1", "1")).metrics["combined_score"]
        straight = solver.evaluate_program_code(STRAIGHT.replace("from tiny import Move", "")).metrics["combined_score"]
        assert better == -0.4
        assert straight == -math.inf  # it wants a domain


# ---- with an LLM


def rewritten(system, messages):
    """A straight planner with another note each time."""
    number = sum(map(ord, messages[-1]["content"])) % 997
    return f"```python\n{STRAIGHT.replace('NOTES = 0', f'NOTES = {number}')}```"


def scripted(make, script, **settings):
    llm = ScriptedLLM(script)
    config = Config(llm=LLMConfig(models=[as_model_config(llm)]))
    return llm, make(config=config, **settings)


def test_an_llm_proposes_and_the_ledger_counts(make):
    llm, solver = scripted(make, rewritten, steps=8, operators={"rewrite": 1.0})
    prompt = solver.sample_prompt()
    solver.solve()
    assert prompt in [{"system": request.system, "user": request.user} for request in llm.requests]
    assert solver.best_score == -0.4
    assert len(llm.requests) == solver.ledger.total.calls == 8
    assert {elite.operator for elite in solver.get_elites()} <= {"rewrite", ""}


def test_a_budget_ends_the_run_and_the_checkpoint_knows_what_was_spent(make, tmp_path):
    llm, solver = scripted(make, rewritten, steps=50, operators=["rewrite"], max_llm_calls=5)
    solver.solve()
    assert len(llm.requests) == solver.iteration == 5
    solver.save(str(tmp_path / "saved"))
    other, resumed = scripted(make, rewritten, steps=50, operators=["rewrite"], max_llm_calls=7)
    resumed.load(str(tmp_path / "saved"))
    resumed.solve()
    assert (len(other.requests), resumed.ledger.total.calls) == (2, 7)


def test_replies_without_a_program_cost_their_step_only(make):
    _, solver = scripted(make, lambda system, messages: "I would rather not.", steps=4, operators=["rewrite"])
    solver.solve()
    assert solver.iteration == solver.statistics.rejected_replies.total() == 4
    assert solver.get_best_program_code() == IDLE


def test_failures_are_shown_to_the_operator_that_repairs(make):
    def breaks(system, messages):
        broken = "raise RuntimeError('oops')"
        return f"```python\n{STRAIGHT.replace('return Move.right', broken)}```"

    llm, solver = scripted(make, breaks, steps=12, operators={"rewrite": 1.0, "repair": 1.0}, llm_concurrency=1)
    solver.solve()
    assert solver.statistics.invalid > 0
    assert any("oops" in request.user for request in llm.requests)


def test_a_recorded_run_can_be_replayed(make, tmp_path):
    _, recorded = scripted(make, rewritten, steps=8, llm_record=tmp_path / "replies.jsonl")
    recorded.solve()
    replayed = make(8, llm_replay=tmp_path / "replies.jsonl", random_seed=None)
    replayed.solve()
    assert contents(replayed) == contents(recorded)


# ---- the four solvers are described alike


@pytest.mark.parametrize(("elm", "openevolve"), [(IntegratedELM, IntegratedOpenEvolve), (ProxyELM, ProxyOpenEvolve)])
def test_elm_solvers_have_the_parameters_of_openevolves_and_one_more(elm, openevolve):
    parameters = dict(inspect.signature(elm).parameters)
    assert parameters.pop("elm").default is None
    assert list(parameters.items()) == list(inspect.signature(openevolve).parameters.items())


@pytest.mark.parametrize("solver", [IntegratedELM, IntegratedOpenEvolve, ProxyELM, ProxyOpenEvolve])
def test_every_parameter_is_documented(solver):
    described = inspect.getdoc(solver)
    missing = [
        name
        for name in inspect.signature(solver).parameters
        if not re.search(rf"^    (\w+, )*{name}[,:]", described, re.M)
    ]
    assert missing == []
    assert described.count("Args:") == described.count("Raises:") == 1


def test_what_is_known_of_programs_comes_with_the_checkpoint(make, tmp_path):
    solver = make(6)
    solver.solve()
    solver.save(str(tmp_path / "saved"))
    other = make(6)
    other.load(str(tmp_path / "saved"))
    assert other.get_result().train == solver.get_result().train
    assert not other._backend._evaluators.is_open, "nothing had to be evaluated"


def test_where_scores_depend_on_luck_the_best_is_evaluated_more_than_once(make):
    solver = make(6, {**MAP, "replicates": 3})
    solver.solve()
    assert solver.statistics.replicates > 0
    assert solver.get_elites()[0].evaluation.metrics["nb_replicates"] == 3


def test_a_domain_that_does_not_follow_its_seeds_is_found_out(tmp_path, caplog):
    (tmp_path / "initial.py").write_text(IDLE)
    with IntegratedELM(UnseededLine, tmp_path / "initial.py", elm=MAP, nb_iterations=1, **FAST) as solver:
        solver.solve()
    assert "does not follow its seeds" in caplog.text
