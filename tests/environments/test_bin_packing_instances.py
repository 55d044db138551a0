import json
import os
from pathlib import Path

import numpy as np
import pytest

from skdecide_elm.environments import (
    DISTRIBUTIONS,
    BinPackingInstance,
    OnlineBinPacking,
    draw_items,
    excess,
    l1_bound,
    read_or_library,
    read_weibull_json,
)
from skdecide_elm.errors import ConfigError

DATA = os.environ.get("SKDECIDE_ELM_DATA")


def test_l1_bound():
    assert l1_bound([5, 5], 10) == 1
    assert l1_bound([5, 6], 10) == 2
    assert l1_bound([1], 10) == 1


def test_excess():
    assert excess(12, 10) == pytest.approx(20)
    assert excess([11, 21], [10, 20]) == pytest.approx(100 * (16 - 15) / 15)
    assert excess([7], [7]) == 0


def test_weibull_sizes_have_the_mean_of_the_distribution():
    items = draw_items("weibull", 20_000, 100, np.random.default_rng(0))
    # 45 Γ(1 + 1/3) = 40.18, standard deviation 14.6
    assert np.mean(items) == pytest.approx(40.18, abs=0.4)
    assert np.std(items) == pytest.approx(14.6, abs=0.3)
    assert min(items) >= 1
    assert max(items) <= 100
    assert max(draw_items("weibull", 1_000, 30, np.random.default_rng(0))) == 30


def test_uniform_sizes_cover_both_ends():
    items = draw_items("uniform", 5_000, 150, np.random.default_rng(0))
    assert (min(items), max(items)) == (20, 100)
    assert np.mean(items) == pytest.approx(60, abs=1.5)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_drawn_items_are_plain_ints(name):
    assert {type(item) for item in draw_items(name, 3, 150, np.random.default_rng(0))} == {int}


def test_read_or_library(tmp_path):
    file = tmp_path / "binpack.txt"
    file.write_text("2\n u3_00\n 150 3 2\n42\n69\n67\n u1_01\n 100 1 1\n57\n")
    assert read_or_library(file) == [
        BinPackingInstance("u3_00", 150, (42, 69, 67), 2),
        BinPackingInstance("u1_01", 100, (57,), 1),
    ]


@pytest.mark.parametrize("text", ["", "x", "1\n name\n 150 3 2\n42\n69\n", "1\n name\n 150 1 1\n42\n69\n", "1 n 150 1"])
def test_read_or_library_refuses_other_files(tmp_path, text):
    file = tmp_path / "binpack.txt"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"binpack\.txt"):
        read_or_library(file)


def test_read_weibull_json(tmp_path):
    file = tmp_path / "weibull.json"
    file.write_text(json.dumps({"test_0": {"capacity": 100, "items": [48, 66]}}))
    assert read_weibull_json(file) == [BinPackingInstance("test_0", 100, (48, 66))]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"a": 1}', '{"a": {"capacity": 100}}', '{"a": {"capacity": "x", "items": []}}']
)
def test_read_weibull_json_refuses_other_files(tmp_path, text):
    file = tmp_path / "weibull.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"weibull\.json"):
        read_weibull_json(file)


def first_fit(observation, bins):
    return bins[0]


def best_fit(observation, bins):
    return bins[np.argmin(observation.residual[bins])]


def bins_used(instance, policy):
    domain = OnlineBinPacking(instance.capacity, instance.items)
    observation, cost, done = domain.reset(), 0, False
    while not done:
        outcome = domain.step(policy(observation, domain.get_applicable_actions().get_elements()))
        observation, cost, done = outcome.observation, cost + outcome.value.cost, outcome.termination
    return cost


@pytest.mark.skipif(not DATA, reason="SKDECIDE_ELM_DATA names no folder with benchmark data")
@pytest.mark.parametrize(
    ("reader", "file", "first", "best"),
    [
        (read_or_library, "binpack1.txt", 6.42, 5.81),
        (read_or_library, "binpack3.txt", 5.74, 5.37),
        (read_weibull_json, "weibull5k.json", 4.23, 3.98),
    ],
)
def test_published_excess_is_reproduced(reader, file, first, best):
    """FunSearch's table (Romera-Paredes et al., Nature 2024): first fit and best fit."""
    instances = reader(Path(DATA) / "binpacking" / file)
    bounds = [l1_bound(instance.items, instance.capacity) for instance in instances]
    for policy, expected in ((first_fit, first), (best_fit, best)):
        found = excess([bins_used(instance, policy) for instance in instances], bounds)
        assert round(found, 2) == expected
