"""A portfolio of programs, as a policy: who acts on which domain."""

import copy
from functools import partial

import pytest
from mirrored import MirroredLine
from skdecide.utils import rollout
from tiny import FAST, IDLE, STRAIGHT, Line, Move

from skdecide_elm import IntegratedELM
from skdecide_elm.bridges import Integrated
from skdecide_elm.core import Evaluation, Program
from skdecide_elm.environments import OnlineBinPacking
from skdecide_elm.errors import ConfigError, EvaluationError
from skdecide_elm.solvers.portfolio import Portfolio, simulated

PROGRAMS = [
    Program(name, code, Evaluation({"combined_score": -1.4})) for name, code in [("right", STRAIGHT), ("left", IDLE)]
]


def portfolio(simulate, planner_domain_factory=None, programs=PROGRAMS):
    return Portfolio(Line, programs, Integrated(), planner_domain_factory, simulate, num_episodes=2)


def scores(*episodes):
    """Evaluations, each from its scores by episode."""
    return [Evaluation({"combined_score": sum(own)}, scores=own) for own in episodes]


def steps(policy, domain, num_episodes=1):
    episodes = rollout(
        domain, policy, num_episodes=num_episodes, max_steps=10, render=False, verbose=False, return_episodes=True
    )
    return [len(actions) for _, actions, _ in episodes]


@pytest.fixture
def solver(tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    with IntegratedELM(
        Line,
        tmp_path / "initial.py",
        elm={"features": ["code_length", "mean_steps"], "init_steps": 4},
        evaluator_domain_factories=[Line, MirroredLine],
        random_seed=3,
        nb_iterations=6,
        **FAST,
    ) as solver:
        yield solver


def test_each_domain_is_played_by_the_program_that_does_best_there(solver):
    with pytest.raises(ConfigError, match="at least 1 program"):
        solver.portfolio()
    solver.solve()
    found = solver.portfolio(3)
    assert 1 <= len(found.programs) <= 3
    assert found.programs[0].evaluation.combined_score == solver.best_score
    ours = portfolio(solver._backend.evaluate_on)
    assert steps(ours, Line()) == [4]
    assert ours.chosen is PROGRAMS[0]
    assert steps(ours, MirroredLine()) == [4]
    assert ours.chosen is PROGRAMS[1]


def test_a_choice_is_made_once_for_each_domain():
    asked = []

    def simulate(factory, codes, num_episodes):
        asked.append((type(factory()), codes, num_episodes))
        return scores((0.0, 0.0), (1.0, 1.0))

    policy = portfolio(simulate)
    assert steps(policy, Line(), 3) == [10, 10, 10]
    assert asked == [(Line, [STRAIGHT, IDLE], 2)]
    steps(policy, Line())
    assert len(asked) == 2
    policy.reset()
    assert policy.sample_action(0) is Move.left, "without a domain the program chosen last acts"


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        ((1.0, 1.0), (1.0, 1.0), 0),
        ((1.0,), (2.0,), 1),  # a single episode says all that there is to say
        ((0.0, 0.0, 0.0, 0.0), (4.0, -1.0, -1.0, -1.0), 0),  # gains 0.25, give or take 1.25
        ((0.0, 0.0, 0.0, 0.0), (3.0, 1.0, 1.0, 1.0), 1),  # gains 1.5, give or take 0.5
        ((5.0, 9.0, 1.0, 7.0), (5.5, 9.5, 1.5, 7.5), 1),  # the episodes differ, the gains do not
    ],
)
def test_another_program_acts_where_it_gains_more_than_chance_would(first, second, chosen):
    assert portfolio(lambda *_: scores(first, second)).choose_for(line()) is PROGRAMS[chosen]


def test_a_program_that_fails_there_does_not_act():
    failed, (other,) = Evaluation.invalid("too far"), scores((-3.0, -4.0))
    assert portfolio(lambda *_: [failed, other]).choose_for(line()) is PROGRAMS[1]
    assert portfolio(lambda *_: [other, failed]).choose_for(line()) is PROGRAMS[0]
    assert portfolio(lambda *_: [failed, failed]).choose_for(line()) is PROGRAMS[0]


@pytest.mark.parametrize("error", [ConfigError, EvaluationError])
def test_where_simulation_fails_the_best_on_average_acts(error, caplog):
    def simulate(factory, codes, num_episodes):
        raise error("no such luck")

    assert portfolio(simulate).choose_for(line()) is PROGRAMS[0]
    assert "no such luck" in caplog.text


def line():
    domain = Line()
    domain.reset()
    return domain


def never(*arguments):
    raise AssertionError("nothing is to be simulated")


def test_a_single_program_needs_no_simulation():
    assert portfolio(never, programs=PROGRAMS[1:]).choose_for(line()) is PROGRAMS[1]


def packing(**settings):
    return OnlineBinPacking(100, distribution="weibull", n_items=5, seed=1, **settings)


def test_a_domain_that_hides_something_is_never_copied():
    bins = packing()
    assert simulated(bins, None) is None
    assert simulated(bins, packing) is None, "another domain says nothing of this one"
    copied = simulated(bins, lambda domain: domain.specification(seed=2))()
    assert copied is not bins
    copied.reset(), bins.reset()
    assert copied._items != bins._items


def test_a_domain_that_hides_nothing_is_copied():
    ours = line()
    ours.mark = [1]
    copied = simulated(ours, None)()
    assert copied is not ours and copied.mark == [1] and copied.mark is not ours.mark
    assert isinstance(simulated(ours, copy.deepcopy)(), Line)
    assert simulated(ours, partial(Line)) is None


def test_the_planner_gets_a_copy_of_the_domain_that_it_acts_on():
    seen = []

    class Spy(Integrated):
        def planner_kwargs(self, domain):
            seen.append(domain)
            return super().planner_kwargs(domain)

    ours = line()
    ours.mark = "ours"
    policy = Portfolio(Line, PROGRAMS, Spy(), None, lambda *_: scores((1.0,), (0.0,)), 1)
    assert steps(policy, ours) == [4]
    assert [domain.mark for domain in seen] == ["ours"] and seen[0] is not ours
