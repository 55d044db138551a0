"""The start method of `multiprocessing` and the shape of the domain factory do not matter."""

import json

import pytest
from processes import start

SCRIPT = """
    # no `if __name__ == "__main__"`: nothing here is imported or run a second time
    import functools, json, multiprocessing
    from skdecide import Value
    from tiny import Line
    from skdecide_elm import IntegratedOpenEvolve

    multiprocessing.set_start_method({method!r})
    PRICE = 2

    class Priced(Line):
        def __init__(self, price=PRICE):
            self.price = price

        def _get_transition_value(self, memory, action, next_state=None):
            return Value(cost=self.price)

    def closure(price):
        return lambda: Priced(price)

    FACTORIES = {{
        "Line": Line,
        "class": Priced,
        "lambda": lambda: Priced(),
        "closure": closure(PRICE),
        "partial": functools.partial(Priced, price=PRICE),
    }}
    for name in {factories!r}:
        with IntegratedOpenEvolve(
            FACTORIES[name], evaluator_rollout_max_steps=60, evaluator_parallel=1, nb_iterations={iterations},
            evaluator_timeout=5,
        ) as solver:
            solver.solve()
            programs = list(solver._backend._evolution.database.programs.values())
            print(json.dumps({{
                "evaluations": solver.statistics.evaluations,
                "invalid": solver.statistics.invalid,
                "scores": [str(program.metrics["combined_score"]) for program in programs],
                "best": solver.best_score,
                "again": solver.evaluate_program_code(solver.get_best_program_code()).metrics["combined_score"],
            }}))
"""


def outcomes(folder, method, factories, iterations):
    process = start(folder, SCRIPT.format(method=method, factories=factories, iterations=iterations))
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return [json.loads(line) for line in output.splitlines()]


def assert_sound(found):
    scores = [float(score) for score in found["scores"]]
    assert len(scores) > 1
    assert all(score == -float("inf") or -10 < score < 0 for score in scores), scores
    assert found["again"] == found["best"] == max(scores) > -float("inf")
    assert found["invalid"] < found["evaluations"] / 2


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_start_method(method, tmp_path):
    [found] = outcomes(tmp_path, method, ["Line"], iterations=20)
    assert_sound(found)
    assert found["evaluations"] > 10  # the others repeated a known program


def test_factories_of_the_main_module(tmp_path):
    found = outcomes(tmp_path, "spawn", ["class", "lambda", "closure", "partial"], iterations=3)
    assert len(found) == 4
    for outcome in found:
        assert_sound(outcome)
