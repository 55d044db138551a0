"""Checkpoints: what was saved is there again, in this process or another, whenever the saving process is killed."""

import json
import math

import pytest
from openevolve.config import Config, LLMConfig
from openevolve.database import ProgramDatabase
from processes import start
from tiny import FAST, IDLE, STRAIGHT, Line, program

from skdecide_elm import IntegratedOpenEvolve
from skdecide_elm.llm.scripted import ScriptedLLM, as_model_config


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    (folder / "initial.py").write_text(IDLE)
    return folder


def new_solver(folder, **kwargs):
    return IntegratedOpenEvolve(Line, folder / "initial.py", **{**FAST, **kwargs})


@pytest.fixture(scope="module")
def checkpoint(folder):
    """Of a run of 12 iterations."""
    with new_solver(folder, nb_iterations=12) as solver:
        solver.solve()
        solver.save(str(folder / "twelve"))
    return folder / "twelve"


def programs(solver):
    return {pid: (p.code, p.metrics, p.generation) for pid, p in solver._backend._evolution.database.programs.items()}


def strict_json(path):
    def refuse(constant):
        raise ValueError(f"{constant} in {path}")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def test_loading_restores_the_best_at_once(folder, checkpoint):
    with new_solver(folder) as solver:
        assert solver.sample_action(0).name == "left"
        solver.load(str(checkpoint))
        assert solver.iteration == 12
        assert solver.best_score > -1
        assert solver.get_best_program_code() == (checkpoint / "best_program.py").read_text()
        cell, actions = 0, 0
        while cell != 4 and actions < 100:
            cell = Line().get_next_state(cell, solver.sample_action(cell))
            actions += 1
        assert cell == 4
        assert not solver._backend._evaluators.is_open, "nothing had to be evaluated"


def test_another_process_goes_on(folder, checkpoint, tmp_path):
    script = f"""
        import json
        from tiny import FAST, Line
        from skdecide_elm import IntegratedOpenEvolve

        def look(solver):
            database = solver._backend._evolution.database
            return solver.iteration, solver.best_score, solver.statistics.proposals, len(database.programs)

        with IntegratedOpenEvolve(Line, {str(folder / "initial.py")!r}, **FAST, nb_iterations=3) as solver:
            solver.load({str(checkpoint)!r})
            states = [look(solver)]
            for _ in range(3):
                solver.solve()
                states.append(look(solver))
            print(json.dumps(states))
    """
    process = start(tmp_path, script)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    iterations, scores, proposals, sizes = zip(*json.loads(output), strict=True)
    assert iterations == proposals == (12, 15, 18, 21)
    assert list(scores) == sorted(scores)
    saved = strict_json(checkpoint / "skdecide_elm.json")
    assert sizes[0] == len(saved["programs"])


def test_two_runs_from_one_checkpoint_are_equal_and_overwrite_nothing(folder, checkpoint):
    found = []
    for _ in range(2):
        with new_solver(folder, nb_iterations=12) as solver:
            solver.load(checkpoint)
            before = programs(solver)
            solver.solve()
            after = programs(solver)
            assert all(after[pid] == before[pid] for pid in before.keys() & after.keys())
            assert len(after) > len(before)
            found.append((list(after.values()), solver.sample_prompt(), solver.statistics))
    assert found[0] == found[1]


def test_a_run_that_was_saved_and_loaded_is_the_run_that_was_not(folder, tmp_path):
    with new_solver(folder, nb_iterations=10) as solver:
        solver.solve()
        solver.save(tmp_path / "ten")
        solver.solve()
        straight = list(programs(solver).values())
        solver.load(tmp_path / "ten")
        solver.solve()
        assert list(programs(solver).values()) == straight


def test_saving_before_solving_saves_the_initial_state(folder, tmp_path):
    with new_solver(folder, nb_iterations=2) as solver:
        solver.save(str(tmp_path / "zero"))
    (tmp_path / "other.py").write_text(STRAIGHT)
    with IntegratedOpenEvolve(Line, tmp_path / "other.py", **FAST, nb_iterations=2) as solver:
        solver.load(str(tmp_path / "zero"))
        assert (solver.iteration, solver.best_score) == (0, None)
        assert solver.get_best_program_code() == IDLE
        solver.solve()
        assert solver.iteration == 2
        assert any(p.code == IDLE for p in solver._backend._evolution.database.programs.values())


def test_every_file_with_invalid_programs_is_strict_json(folder, tmp_path):
    replies = [f"```python\n{program(choice, f'NOTES = {n}')}```" for n in range(3) for choice in ("bad", "Move.right")]
    config = Config(llm=LLMConfig(models=[as_model_config(ScriptedLLM(replies))]))
    with new_solver(folder, config=config, nb_iterations=len(replies), num_islands=2) as solver:
        solver.solve()
        assert solver.statistics.invalid == 3
        solver.save(tmp_path / "saved")
        before = programs(solver)
        solver.load(tmp_path / "saved")
        assert programs(solver) == before
        assert -math.inf in [metrics["combined_score"] for _, metrics, _ in before.values()]
    files = list((tmp_path / "saved").rglob("*.json"))
    assert len(files) == len(before) + 3
    for file in files:
        strict_json(file)


def test_metrics_that_are_no_numbers_are_strict_json(folder, tmp_path):
    script = tmp_path / "evaluator.py"
    script.write_text(
        "def evaluate(path):\n"
        "    return {'combined_score': -1.0, 'a': float('nan'), 'b': float('inf'), 'complexity': float('-inf')}\n"
    )
    with new_solver(folder, evaluator_path=script, nb_iterations=3) as solver:
        solver.solve()
        solver.save(tmp_path / "saved")
        solver.load(tmp_path / "saved")
        assert math.isnan(solver._backend._evolution.best.metrics["a"])
        solver.solve()
        assert solver.iteration == 6
    for file in (tmp_path / "saved").rglob("*.json"):
        strict_json(file)


def test_openevolve_itself_can_read_a_checkpoint(checkpoint):
    database = ProgramDatabase(Config().database)
    database.load(str(checkpoint))
    assert database.last_iteration == 12
    assert database.get_best_program().code == (checkpoint / "best_program.py").read_text()
    assert database.islands[0]


@pytest.mark.parametrize("islands", [1, 7])
def test_the_number_of_islands_may_change(folder, checkpoint, islands):
    with new_solver(folder, num_islands=islands, nb_iterations=8) as solver:
        solver.load(checkpoint)
        solver.solve()
        assert solver.iteration == 20


def test_the_current_folder_can_be_saved_to(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    with new_solver(folder) as solver:
        monkeypatch.chdir(tmp_path / "here")
        solver.save(".")
        assert solver.iteration == 0
        solver.load(tmp_path / "here")
        solver.save(tmp_path / "here")
        solver.load(tmp_path / "here" / ".." / "here")


KILLED = """
    import itertools, json, os, random, signal, sys, time
    from tiny import FAST, Line
    from skdecide_elm import IntegratedOpenEvolve

    with IntegratedOpenEvolve(Line, **FAST, nb_iterations=30) as solver:
        solver.solve()
        solver.save("saved")
        start = time.monotonic()
        solver.save("saved")
        duration = time.monotonic() - start
    reader = IntegratedOpenEvolve(Line, **FAST)
    moments, seen = random.Random(1), []
    for _ in range(25):
        pid = os.fork()
        if pid == 0:
            for iteration in itertools.count(solver.iteration):
                solver._backend._evolution.database.last_iteration = iteration
                solver.save("saved")
        time.sleep(moments.uniform(0, 4 * duration))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        aside = os.path.exists(".saved.previous") and not os.path.exists("saved")
        reader.load("saved")
        seen.append([reader.iteration, len(reader._backend._evolution.database.programs), aside])
        solver._backend._evolution.database.last_iteration = reader.iteration
    print(json.dumps([solver.best_score, reader.best_score, seen]))
"""


def test_a_process_killed_while_it_saves_leaves_a_whole_checkpoint(tmp_path):
    process = start(tmp_path, KILLED)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    best, loaded, seen = json.loads(output)
    iterations = [iteration for iteration, _, _ in seen]
    assert best == loaded
    assert iterations == sorted(iterations) and iterations[-1] > 30
    assert len({count for _, count, _ in seen}) == 1


def test_a_save_that_was_killed_between_its_renames_is_finished_by_the_next(checkpoint, folder, tmp_path):
    saved = tmp_path / "saved"
    with new_solver(folder) as solver:
        solver.load(checkpoint)
        solver.save(saved)
        saved.rename(tmp_path / ".saved.previous")  # where a killed save leaves the previous checkpoint
        solver.load(saved)
        assert solver.iteration == 12
        saved.rename(tmp_path / ".saved.previous")
        solver.save(saved)
        solver.load(saved)
        assert list(tmp_path.iterdir()) == [saved]
