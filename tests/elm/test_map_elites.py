"""OpenELM's surface: algorithms on the three environments, and ELM."""

import math

import numpy as np
import pytest

from skdecide_elm.elm import (
    ELM,
    ENVIRONMENTS,
    CVTMAPElites,
    CVTMAPElitesConfig,
    ELMConfig,
    FunctionOptim,
    ImageOptim,
    Map,
    MAPElites,
    MAPElitesConfig,
    MatchString,
)
from skdecide_elm.elm.environments import ackley
from skdecide_elm.errors import ConfigError

ALGORITHMS = {
    "grid": lambda env, **kw: MAPElites(env, 6, **kw),
    "cvt": lambda env, **kw: CVTMAPElites(env, 30, cvt_samples=500, **kw),
}


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
def test_search_gets_better_than_its_random_steps(environment, algorithm):
    random, evolved = algorithm(environment(seed=3)), algorithm(environment(seed=3))
    random.search(init_steps=40, total_steps=40)
    text = evolved.search(init_steps=40, total_steps=400)
    assert evolved.max_fitness() > random.max_fitness()
    assert evolved.niches_filled() > random.niches_filled()
    assert text == str(evolved.current_max_genome)
    assert evolved.env.fitness(evolved.current_max_genome) == evolved.max_fitness()
    assert evolved.min_fitness() <= evolved.mean_fitness() <= evolved.max_fitness()


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
def test_each_niche_holds_a_solution_that_belongs_there(algorithm):
    found = algorithm(FunctionOptim(seed=1))
    found.search(50, 300)
    filled = [niche for niche in np.ndindex(found.fitnesses.dims) if found.genomes[niche] is not None]
    assert len(filled) == found.niches_filled() > 10
    for niche in filled:
        assert found.to_mapindex(found.genomes[niche].to_phenotype()) == niche
        assert found.env.fitness(found.genomes[niche]) == found.fitnesses[niche]
    assert {found.random_selection() for _ in range(40 * len(filled))} == set(filled)


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
def test_equal_seeds_make_equal_runs(algorithm):
    first, second = (algorithm(FunctionOptim(seed=1), seed=5) for _ in range(2))
    assert first.search(20, 100) == second.search(20, 100)
    assert first.fitnesses.array.tolist() == second.fitnesses.array.tolist()


def test_history_is_kept_on_request():
    short = MAPElites(FunctionOptim(seed=1), 3, history_length=2, save_history=True)
    short.search(50, 200)
    assert sum(map(len, short.history.values())) == 200
    assert short.genomes.shape == short.fitnesses.shape == (2, 3, 3)
    assert MAPElites(FunctionOptim(), 3).history == {}


def test_near_the_highest_fitness_the_search_stops():
    env = MatchString("ab", seed=0)
    algorithm = MAPElites(env, 4, save_history=True)
    algorithm.search(50, 100_000, atol=2.0)
    assert algorithm.max_fitness() >= -2.0
    assert sum(map(len, algorithm.history.values())) < 100_000


def test_parents_stay_as_they_are():
    for environment in (FunctionOptim(), MatchString(), ImageOptim()):
        (parent,) = environment.random()
        before = str(parent)
        for _ in range(5):
            environment.mutate([parent])
        assert str(parent) == before


def test_what_is_not_valid_is_not_inserted():
    class Broken(FunctionOptim):
        def fitness(self, genome):
            return -math.inf if genome.values[0] < 0 else super().fitness(genome)

    algorithm = MAPElites(Broken(), 4)
    algorithm.search(100, 100)
    assert algorithm.niches_filled() == 8  # the right half
    with pytest.raises(ValueError, match="run search first"):
        MAPElites(Broken(), 4).random_selection()


def test_a_drawing_program_that_is_none_is_dropped():
    env = ImageOptim(mutate_program=lambda program: "a yellow circle")
    assert env.mutate(env.random()) == []


def test_a_map_to_begin_with_sets_the_bar():
    bar = Map((4, 4), -np.inf, float)
    for niche in np.ndindex(4, 4):
        bar[niche] = 1.0
    algorithm = MAPElites(FunctionOptim(), 4, init_map=bar)
    algorithm.search(50, 50)
    assert algorithm.qd_score() == 16.0
    with pytest.raises(ValueError, match=r"init_map of \(5, 5\) niches"):
        MAPElites(FunctionOptim(), 5, init_map=bar)


def test_ackley():
    assert ackley(np.zeros(3)) == pytest.approx(0.0, abs=1e-12)
    assert ackley(np.ones(2)) == pytest.approx(20 - 20 * math.exp(-0.2))  # at whole numbers the cosines are 1


def test_elm_runs_what_its_configuration_says():
    elm = ELM(ELMConfig("match_string", {"target": "ab"}, MAPElitesConfig(20, 60, map_grid_size=(3, 4))))
    assert elm.run() == str(elm.qd_algorithm.current_max_genome)
    assert elm.qd_algorithm.fitnesses.dims == (3, 4)
    cvt = ELM(ELMConfig(qd=CVTMAPElitesConfig(n_niches=7, cvt_samples=200)), FunctionOptim(3))
    cvt.run(init_steps=5, total_steps=10)
    assert cvt.qd_algorithm.fitnesses.dims == (7,)


def test_there_must_be_such_an_environment():
    with pytest.raises(ConfigError, match="function_optim, match_string, image_evolution; found 'sodarace'"):
        ELM(ELMConfig("sodarace"))
