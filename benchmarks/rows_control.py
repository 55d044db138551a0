"""Rows of classic control: mean returns on reset seeds that no search has seen."""

from __future__ import annotations

from functools import partial
from statistics import fmean

from rows import SHORT_SEARCH, Row

from skdecide_elm.environments import GymnasiumDomain
from skdecide_elm.programs.loader import load_planner_class

__all__ = ["ROWS"]

UNSEEN = range(10_000, 10_100)
"""Reset seeds of the test; those of the search are random numbers of 32 bits."""

VALIDATED = 10
"""Programs among which validation chooses, each on as many fresh episodes as in the search."""


def mean_return(env_id: str, horizon: int, code: str) -> float:
    """The mean return of a program's planner over the unseen reset seeds, one new planner per episode."""
    planner_class = load_planner_class(code)
    domain, own = GymnasiumDomain(env_id), GymnasiumDomain(env_id)
    return fmean(_return(domain, planner_class(domain=own), seed, horizon) for seed in UNSEEN)


def _return(domain: GymnasiumDomain, planner: object, seed: int, horizon: int) -> float:
    domain.seed(seed)
    observation, total = domain.reset(), 0.0
    for _ in range(horizon):
        outcome = domain.step(planner.sample_action(observation))  # type: ignore[attr-defined]
        observation, total = outcome.observation, total + outcome.value.reward
        if outcome.termination:
            break
    return total


def _row(env_id: str, horizon: int, budget: int, target: float, episodes: int, references: str) -> Row:
    factory = partial(GymnasiumDomain, env_id)
    return Row(
        name=env_id,
        title=env_id,
        budget=budget,
        domain_factory=factory,
        test=partial(mean_return, env_id, horizon),
        target=target,
        higher_is_better=True,
        unit="mean return",
        decimals=0,
        references=references,
        solver_options={
            "evaluator_rollout_max_steps": horizon,
            "evaluator_rollout_num_episodes": episodes,
            "validation_domain_factories": [factory],
            "validation_candidates": VALIDATED,
            **SHORT_SEARCH,
        },
        validation_cost=VALIDATED,
    )


ROWS = (
    _row("CartPole-v1", 500, 200, 500.0, 10, "CGP 392, ARS and 500 random linear policies 500"),
    _row("MountainCar-v0", 200, 400, -115.0, 30, "CGP −141, random linear −139, hand rule −119.5, PPO −200"),
    _row("MountainCarContinuous-v0", 999, 400, 96.0, 10, "CGP 87–96, random linear 95.9, hand rule 89"),
    _row("Acrobot-v1", 500, 400, -88.0, 10, "CGP −131, CMA-ES linear −98.5, hand rule −85"),
    _row("Pendulum-v1", 200, 600, -200.0, 20, "CGP −1,152, PPO −1,090, CMA-ES quadratic −581, hand rule −137"),
)
