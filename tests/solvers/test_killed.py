"""A solver's process that is killed, again and again, ends with the map of one that was left in peace.

The environment variable SKDECIDE_ELM_KILLS says how often it is killed.
"""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

KILLS = int(os.environ.get("SKDECIDE_ELM_KILLS", "2"))
STEPS = 30 + 20 * KILLS
PARTS = ("state", "programs", "arrays")
AT_MOST = 0.7
"""Seconds from a life's first checkpoint, or from its beginning, to its end."""

LIFE = """
import json, sys
from pathlib import Path

sys.path[:0] = {path!r}
from tiny import FAST, IDLE, Line
from skdecide_elm import IntegratedELM
from skdecide_elm.search.snapshot import program_to_json

def number(path):
    return int(path.name.rpartition("_")[2])

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "initial.py").write_text(IDLE)
    with IntegratedELM(
        Line, folder / "initial.py", elm={{"init_steps": 10, "save_history": True}}, random_seed=3,
        output_dir=folder / "run", checkpoint_interval=4, **{{**FAST, "evaluator_timeout": 5}},
        nb_iterations=1,
    ) as solver:
        saved = sorted((folder / "run" / "checkpoints").glob("checkpoint_*[0-9]"), key=number)
        if saved:
            solver.load(str(saved[-1]))
        print(solver.iteration, flush=True)
        solver._nb_iterations = int(sys.argv[2]) - solver.iteration
        solver.solve()
        state = solver._backend.search.snapshot()
        history = [program_to_json(program) for program in solver._backend.search.history]
        arrays = {{name: array.tolist() for name, array in state.arrays.items()}}
        (folder / "end.json").write_text(json.dumps([state.state, history, arrays]))
"""


def begin_life(folder):
    """A process that goes on from the last checkpoint, and the step at which it does."""
    script = folder / "life.py"
    script.write_text(LIFE.format(path=[str(Path(__file__).parent)]))
    environment = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    life = subprocess.Popen(
        [sys.executable, script, folder, str(STEPS)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    return life, int(life.stdout.readline())


def await_checkpoint_after(step, folder, life):
    while life.poll() is None:
        found = (folder / "run" / "checkpoints").glob("checkpoint_*[0-9]")
        if any(int(path.name.rpartition("_")[2]) > step for path in found):
            return
        time.sleep(0.01)


def end_of(folder):
    """`PARTS` of a run; not where a program was when its time was over."""
    state, history, arrays = json.loads((folder / "end.json").read_text())
    for program in history:
        if program["artifacts"].get("error", "").startswith("TimeoutError"):
            program["artifacts"] = {}
    return state, history, arrays


def test_a_killed_run_ends_as_one_that_was_left_in_peace(tmp_path):
    peaceful, violent = tmp_path / "peaceful", tmp_path / "violent"
    for folder in (peaceful, violent):
        folder.mkdir()
    life, _ = begin_life(peaceful)
    assert life.wait() == 0
    rng, begun, killed = random.Random(5), [], 0
    while killed < KILLS:
        life, step = begin_life(violent)
        begun.append(step)
        if rng.random() < 0.8:
            await_checkpoint_after(step, violent, life)
        time.sleep(rng.uniform(0, AT_MOST))
        if life.poll() is not None:
            break
        life.kill()
        life.wait()
        killed += 1
    if not (violent / "end.json").exists():
        life, step = begin_life(violent)
        begun.append(step)
        assert life.wait() == 0
    print(f"{killed} kills; the lives began at steps {begun}")
    assert killed > KILLS // 2, "the run was over too soon to say anything"
    assert begun == sorted(begun), "nothing is lost beyond the last checkpoint"
    differing = [
        name for name, *ends in zip(PARTS, end_of(peaceful), end_of(violent), strict=True) if ends[0] != ends[1]
    ]
    assert differing == []
