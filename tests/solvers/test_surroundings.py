"""Where solvers are called, and what they must leave as they found it."""

import asyncio
import copy
import dataclasses
import gc
import logging
import random
import signal
import tempfile
import threading

import numpy as np
import pytest
from openevolve.config import Config, LLMConfig, LLMModelConfig
from processes import children, until
from tiny import FAST, IDLE, Line, LuckyLine

from skdecide_elm import IntegratedOpenEvolve, ProxyOpenEvolve
from skdecide_elm.llm.scripted import ScriptedLLM


@pytest.fixture(scope="module")
def initial(tmp_path_factory):
    path = tmp_path_factory.mktemp("surroundings") / "initial.py"
    path.write_text(IDLE)
    return path


@pytest.fixture(scope="module")
def solver(initial):
    with IntegratedOpenEvolve(Line, initial, **FAST, nb_iterations=5) as solver:
        yield solver


def test_in_a_running_event_loop(solver):
    async def main():
        before = solver.iteration
        solver.solve()
        await asyncio.sleep(0)
        assert asyncio.get_running_loop().is_running()
        return solver.iteration - before

    assert asyncio.run(main()) == 5


def test_in_a_thread(solver):
    before = solver.iteration
    thread = threading.Thread(target=solver.solve)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert solver.iteration == before + 5


def test_twice_in_a_row_goes_on(solver):
    before, score = solver.iteration, solver.best_score
    solver.solve()
    solver.solve()
    assert solver.iteration == before + 10
    assert solver.best_score >= score
    assert solver.statistics.proposals == solver.iteration
    scores = [score for _, score in solver.statistics.improvements]
    assert scores == sorted(scores)
    assert scores[-1] == solver.best_score


def test_signal_handlers_and_loggers_are_untouched(solver):
    def state():
        handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
        names = ("", "openevolve", "skdecide", "skdecide_elm", "asyncio")
        loggers = {name: (logging.getLogger(name).level, list(logging.getLogger(name).handlers)) for name in names}
        return handlers, logging.root.disabled, logging.root.manager.disable, loggers

    before = state()
    solver.solve()
    assert state() == before


@pytest.mark.parametrize("kind", [IntegratedOpenEvolve, ProxyOpenEvolve])
def test_global_random_numbers_are_untouched(kind, initial):
    def state():
        name, keys, *rest = np.random.get_state()
        return random.getstate(), name, keys.tolist(), rest

    random.seed(5)
    np.random.seed(5)
    before = state()
    with kind(LuckyLine, initial_program_path=initial, **FAST, nb_iterations=3, random_seed=None) as solver:
        assert state() == before, "constructor"
        if kind is ProxyOpenEvolve:
            return
        solver.sample_prompt()
        assert state() == before, "sample_prompt"
        solver.solve()
        assert state() == before, "solve"
        solver.evaluate_program_code(IDLE)
        assert state() == before, "evaluate_program_code"


def test_seeds_differ_where_none_is_given(initial):
    solvers = [IntegratedOpenEvolve(Line, initial, **FAST, random_seed=None) for _ in range(3)]
    assert len({solver._backend._evolution.rng.random() for solver in solvers}) == 3


def configurations():
    client = ScriptedLLM(["no program"], cycle=True)
    model = LLMModelConfig(name="mine", init_client=lambda _: client)
    yield Config()
    yield Config(llm=LLMConfig(models=[model]))
    yield Config(random_seed=None, language=None)


@pytest.mark.parametrize("config", list(configurations()))
def test_the_callers_config_is_untouched(config, initial):
    before = dataclasses.asdict(config), copy.copy(config.llm.models), config.llm.evaluator_models
    with IntegratedOpenEvolve(
        Line, initial, config=config, **FAST, nb_iterations=2, num_islands=7, temperature=0.1, target_score=0.0
    ) as solver:
        if config.llm.models:
            solver.solve()
    assert (dataclasses.asdict(config), config.llm.models, config.llm.evaluator_models) == before


def test_clients_that_cannot_be_copied_are_shared(initial):
    class Client(ScriptedLLM):
        lock = threading.Lock()

        def __deepcopy__(self, memo):
            raise TypeError("cannot pickle '_thread.lock' object")

        def make(self, model):
            return self

    client = Client(["prose"], cycle=True)
    config = Config(llm=LLMConfig(models=[LLMModelConfig(name="mine", init_client=client.make)]))
    with IntegratedOpenEvolve(Line, initial, config=config, **FAST, nb_iterations=2) as solver:
        solver.solve()
    assert len(client.requests) == 2


def test_nothing_is_left_behind(initial, tmp_path, monkeypatch):
    def leftovers():
        return children(), list(tmp_path.iterdir())

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = leftovers()
    with IntegratedOpenEvolve(Line, initial, **FAST, nb_iterations=3) as solver:
        solver.solve()
        assert children() > before[0]
        assert len(list(tmp_path.iterdir())) == 1
    assert until(lambda: leftovers() == before)


def test_nothing_is_left_behind_by_a_solver_that_is_forgotten(initial):
    before = children()
    solver = IntegratedOpenEvolve(Line, initial, **FAST, nb_iterations=1)
    solver.solve()
    assert children() > before
    del solver
    gc.collect()
    assert until(lambda: children() == before)


def test_nothing_is_written_without_an_output_dir(initial, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noisy = IDLE.replace("NOTES = 0", "print('é' * 100_000)\nNOTES = missing")
    (tmp_path / "noisy.py").write_text(noisy)
    with IntegratedOpenEvolve(Line, "noisy.py", **FAST, nb_iterations=2, checkpoint_interval=1) as solver:
        solver.solve()
    assert [path.name for path in tmp_path.iterdir()] == ["noisy.py"]


def test_an_output_dir_gets_checkpoints_and_the_best_program(initial, tmp_path):
    with IntegratedOpenEvolve(
        Line, initial, **FAST, nb_iterations=4, output_dir=tmp_path / "run", checkpoint_interval=2
    ) as solver:
        solver.solve()
        assert (tmp_path / "run" / "best" / "best_program.py").read_text() == solver.get_best_program_code()
    checkpoints = sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir())
    assert checkpoints == ["checkpoint_2", "checkpoint_4"]


def test_a_signal_handler_that_raises_ends_the_run(initial):
    """A time limit of the caller's own, as test runners and schedulers set."""

    def ring(number, frame):
        raise TimeoutError("enough")

    def ring_when_solving():
        assert until(lambda: solver.iteration > 0, 30)
        signal.pthread_kill(main, signal.SIGUSR1)

    main = threading.main_thread().ident
    previous = signal.signal(signal.SIGUSR1, ring)
    try:
        with IntegratedOpenEvolve(Line, initial, **FAST, nb_iterations=100_000) as solver:
            threading.Thread(target=ring_when_solving).start()
            with pytest.raises(TimeoutError, match="enough"):
                solver.solve()
            assert 0 < solver.iteration < 100_000
    finally:
        signal.signal(signal.SIGUSR1, previous)
