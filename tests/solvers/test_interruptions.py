"""Ctrl-C, and processes that end without closing the solver."""

import json
import signal
import time

import pytest
from processes import read_line, relatives, start, until
from tiny import IDLE

SOLVE = """
    import json, threading, time
    from pathlib import Path
    from tiny import FAST, Line
    from skdecide_elm import IntegratedOpenEvolve

    STUCK = Path("stuck").resolve()

    class Sticky(Line):
        def _get_initial_state_(self):
            while STUCK.exists():
                time.sleep(0.01)
            return 0

    def announce(solver, iteration):
        while solver.iteration < iteration:
            time.sleep(0.01)
        print("solving", flush=True)

    FAST["evaluator_timeout"] = 60
    with IntegratedOpenEvolve(Sticky, "initial.py", **FAST, nb_iterations=100_000) as solver:
        for _ in range(2):
            threading.Thread(target=announce, args=[solver, solver.iteration + 3], daemon=True).start()
            solver.solve()
            print(json.dumps([solver.iteration, solver.best_score]), flush=True)
            while STUCK.exists():
                time.sleep(0.01)
            print(solver.evaluate_program_code(solver.get_best_program_code()).metrics["combined_score"], flush=True)
"""


def test_ctrl_c_keeps_what_was_found_and_solve_goes_on(tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    process = start(tmp_path, SOLVE)
    stuck = tmp_path / "stuck"
    iteration, best = 0, -1.0
    for _ in range(2):
        assert read_line(process) == "solving"
        stuck.touch()  # from now on evaluations take for ever
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        found_iteration, found_best = json.loads(read_line(process, 5))
        stuck.unlink()
        assert found_iteration >= iteration + 3
        assert found_best >= best
        assert float(read_line(process)) == found_best, "the best program is another"
        iteration, best = found_iteration, found_best
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 0, errors
    assert errors.count("Interrupted") == 2
    _assert_nothing_left(tmp_path)


def _assert_nothing_left(folder):
    assert until(lambda: not relatives(folder)), relatives(folder)
    assert list((folder / "tmp").iterdir()) == []


def test_ctrl_c_while_a_request_stalls_ends_the_script(tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    process = start(
        tmp_path,
        """
        from loopback import Loopback, Stall
        from openevolve.config import Config, LLMConfig
        from tiny import FAST, Line
        from skdecide_elm import IntegratedOpenEvolve

        def answer(request):
            print("asked\\n", end="", flush=True)  # at once: requests come in several threads
            return Stall(60)

        server = Loopback(answer).__enter__()
        config = Config(llm=LLMConfig(primary_model="loopback", api_base=server.url, timeout=60))
        with IntegratedOpenEvolve(Line, "initial.py", config=config, **FAST, nb_iterations=3) as solver:
            solver.solve()
            print(solver.iteration, solver.best_score, flush=True)
        """,
    )
    assert read_line(process) == "asked"
    interrupted = time.monotonic()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=10)
    assert time.monotonic() - interrupted < 5
    assert output.splitlines()[-1] == "0 -1.0", errors
    assert process.returncode == 0, errors
    _assert_nothing_left(tmp_path)


@pytest.mark.parametrize("ending", ["", "raise SystemExit(3)"])
def test_a_solver_that_nobody_closes_leaves_nothing(ending, tmp_path):
    process = start(
        tmp_path,
        f"""
        from tiny import FAST, Line
        from skdecide_elm import IntegratedOpenEvolve

        solver = IntegratedOpenEvolve(Line, **FAST, nb_iterations=1)
        solver.solve()
        {ending}
        """,
    )
    _, errors = process.communicate(timeout=20)
    assert process.returncode == (3 if ending else 0), errors
    _assert_nothing_left(tmp_path)


def test_a_killed_script_leaves_no_process(tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    process = start(tmp_path, SOLVE)
    assert read_line(process) == "solving"
    (tmp_path / "stuck").touch()
    assert len(relatives(tmp_path)) > 1
    process.kill()
    process.communicate()
    assert until(lambda: not relatives(tmp_path)), relatives(tmp_path)
