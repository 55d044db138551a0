"""Checkpoints of ELM searches: whole or not at all, plain data, readable, and exact."""

import json
import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from searches import STRATEGIES, Step, map_elites, noisy, plain, run, search_for

from skdecide_elm.backends.elm.checkpoint import FORMAT_VERSION, Checkpoint, load_checkpoint, save_checkpoint
from skdecide_elm.checkpoints import find_directory
from skdecide_elm.errors import CheckpointError

ABOUT = {"solver": "ProxyELM", "domain": "Maze"}


def save(search, path, **extra):
    save_checkpoint(path, Checkpoint(search.snapshot(), extra), ABOUT, search.best)


def load(search, path):
    search.restore(load_checkpoint(path, ABOUT).snapshot)
    return search


@pytest.mark.parametrize("make", STRATEGIES.values(), ids=STRATEGIES)
def test_a_search_is_the_same_after_a_stay_on_disk(make, tmp_path):
    search = run(search_for(make(), save_history=True), 25, Step(fail_every=6), noisy)
    save(search, tmp_path / "saved", chosen="code")
    again = load(search_for(make(), save_history=True), tmp_path / "saved")
    assert plain(again.snapshot()) == plain(search.snapshot())
    assert load_checkpoint(tmp_path / "saved", ABOUT).extra == {"chosen": "code"}


def test_a_person_can_read_it(tmp_path):
    search = run(search_for(map_elites()), 25)
    save(search, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        *("arrays.npz", "best_program.py", "programs.jsonl", "skdecide_elm.json")
    ]
    assert (tmp_path / "best_program.py").read_text() == search.best.code
    state = json.loads((tmp_path / "skdecide_elm.json").read_text())
    assert state["best_score"] == search.best.evaluation.combined_score
    assert state["search"]["statistics"]["steps"] == 25
    programs = [json.loads(line) for line in (tmp_path / "programs.jsonl").read_text().splitlines()]
    assert search.best.code in [program["code"] for program in programs]
    with np.load(tmp_path / "arrays.npz", allow_pickle=False) as arrays:
        assert arrays["strategy.archive.measures"].shape == (len(search.strategy.elites), 2)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("kind", ["grid", "deep grid"])
def test_a_search_that_is_killed_at_any_moment_ends_as_one_that_was_not(kind, tmp_path):
    path, steps, settings = tmp_path / "saved", 60, {"save_history": True}
    whole = run(search_for(STRATEGIES[kind](), **settings), steps)
    rng, kills, known = random.Random(0), 0, 0
    while True:
        begun, begins = os.pipe()
        child = os.fork()
        if child == 0:
            _go_on(STRATEGIES[kind], settings, path, steps, begins)
        os.close(begins)
        os.read(begun, 1)  # it has saved a step, so that no life is in vain
        os.close(begun)
        time.sleep(rng.uniform(0, 0.008))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        kills += 1
        done = load(search_for(STRATEGIES[kind](), **settings), path).statistics.steps
        assert done > known, "what a checkpoint held was lost"
        known = done
    assert kills >= 3
    assert plain(load(search_for(STRATEGIES[kind](), **settings), path).snapshot()) == plain(whole.snapshot())


def _go_on(make, settings, path, steps, begins):
    """In a child: continue, with a checkpoint after each step."""
    code = 1
    try:
        search = search_for(make(), **settings)
        if find_directory(path).exists():
            load(search, path)

        first = search.statistics.steps + 1

        def on_step(step):
            save(search, path)
            if step == first:
                os.write(begins, b".")

        run(search, steps - search.statistics.steps, on_step=on_step)
        code = 0
    finally:
        os._exit(code)


# ---- what cannot be loaded


@pytest.fixture
def saved(tmp_path):
    save(run(search_for(map_elites()), 8), tmp_path / "saved")
    return tmp_path / "saved"


def changed(path, **values):
    file = path / "skdecide_elm.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def test_no_checkpoint(tmp_path):
    with pytest.raises(CheckpointError, match=r"found no skdecide_elm.json there; give the directory that"):
        load_checkpoint(tmp_path / "nothing", ABOUT)


def test_a_newer_version(saved):
    changed(saved, format_version=FORMAT_VERSION + 1)
    with pytest.raises(CheckpointError, match=f"format {FORMAT_VERSION} .*found format {FORMAT_VERSION + 1};"):
        load_checkpoint(saved, ABOUT)


@pytest.mark.parametrize("what", ABOUT)
def test_a_search_for_something_else(saved, what):
    with pytest.raises(CheckpointError, match=f"whose {what} is other .*found {ABOUT[what]}"):
        load_checkpoint(saved, {**ABOUT, what: "other"})


@pytest.mark.parametrize("name", ["skdecide_elm.json", "programs.jsonl", "arrays.npz"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "garbage"])
def test_damage_is_told_and_never_executed(saved, name, damage):
    file = saved / name
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "garbage": b"\x80\x04K\x01."}[damage])
    search = search_for(map_elites())
    with pytest.raises((CheckpointError, LookupError), match=r"damaged|found no|."):
        load(search, saved)


def test_a_pickle_among_the_arrays_is_not_loaded(saved):
    class Bomb:
        def __reduce__(self):
            return Path.touch, (saved / "executed",)

    np.savez(saved / "arrays.npz", bomb=np.array([Bomb()], dtype=object))
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(saved, ABOUT)
    assert not (saved / "executed").exists()
