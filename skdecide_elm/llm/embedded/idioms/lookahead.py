"""Idioms that look a few steps ahead in a model: one that is certain, lists what may happen, or can be sampled."""

from __future__ import annotations

import random
import textwrap

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text, tunable_constants

__all__ = ["LOOKAHEAD_IDIOMS", "STEP_COST", "goal_bonus", "step_cost"]

_ONE_STEP = "Take the action whose next step costs least in the model."
_DEEP = "Take the first action of the cheapest short plan in the model."
_EXPECTED = "Take the action that costs least on average over what may follow, by the model's distributions."
_SIMULATED = "Take the action that costs least on average in simulated random walks."
_GOAL_BONUSES = (10.0, 100.0, 1000.0)

_MAX_PLANS = 500
"""A look-ahead may be as deep as it compares no more plans than that, at each step."""

_USUAL_ACTIONS = 6
_USUAL_OUTCOMES = 3

STEP_COST = """
def step_cost(self, state, action, successor):
    if self.domain.is_goal(successor):
        return -self.GOAL_BONUS
    return self.domain.get_transition_value(state, action, successor).cost
"""
"""The method that `step_cost` calls where there are goals."""


def _fits(setting: Setting) -> bool:
    return setting.profile.single and setting.profile.has_model and setting.actions is not None


def step_cost(setting: Setting, state: str, action: str, successor: str) -> str:
    """Expression for what a step costs by the model, less the bonus of a goal where there are goals."""
    owner = "self.step_cost" if setting.profile.goals else "self.domain.get_transition_value"
    return f"{owner}({state}, {action}, {successor})" + ("" if setting.profile.goals else ".cost")


def goal_bonus(setting: Setting, rng: random.Random) -> dict[str, tuple[str, object]]:
    """The constant that `STEP_COST` needs; none where there are no goals."""
    return {"GOAL_BONUS": ('(1.0, 10000.0, "log")', rng.choice(_GOAL_BONUSES))} if setting.profile.goals else {}


def _depth(setting: Setting, rng: random.Random, least: int = 1, outcomes: int = 1) -> tuple[str, int]:
    """Bounds within which few enough plans are compared, and a depth."""
    branches = outcomes * (setting.profile.actions.size or _USUAL_ACTIONS)
    deepest = next((depth for depth in (4, 3) if branches**depth <= _MAX_PLANS), 2)
    return f'(1, {deepest}, "int")', rng.randint(least, deepest)


def _cheapest(setting: Setting, cost: str) -> str:
    """The method that takes the action of the least cost, of equals any."""
    return f"""
def sample_action({setting.sample_arguments}):
    actions = list({setting.actions})
    random.shuffle(actions)
    return min(actions, key=lambda action: self.{cost})
"""


def _cost_from(setting: Setting, cost: str) -> str:
    """The lines that add up a step's cost and the least ``cost`` of what follows, as deep as is left."""
    return f"""    cost = {step_cost(setting, "state", "action", "successor")}
    if depth == 1 or self.domain.is_terminal(successor):
        return cost
    return cost + min(
        (self.{cost}(successor, following, depth - 1) for following in {setting.actions_at("successor")}),
        default=0.0,
    )
"""


def _write_one_step(setting: Setting, rng: random.Random) -> Draft:
    sample = _cheapest(setting, "next_cost(observation, action)")
    next_cost = f"""
def next_cost(self, observation, action):
    successor = self.domain.get_next_state(observation, action)
    return {step_cost(setting, "observation", "action", "successor")}
"""
    methods = [sample, next_cost, *([STEP_COST] if setting.profile.goals else [])]
    text = planner_text(setting, _ONE_STEP, *methods, constants=tunable_constants(**goal_bonus(setting, rng)))
    return Draft(("import random",), text)


def _write_deep(setting: Setting, rng: random.Random) -> Draft:
    sample = _cheapest(setting, "plan_cost(observation, action, self.DEPTH)")
    plan_cost = f"""
def plan_cost(self, state, action, depth):
    successor = self.domain.get_next_state(state, action)
{_cost_from(setting, "plan_cost")}"""
    methods = [sample, plan_cost, *([STEP_COST] if setting.profile.goals else [])]
    constants = tunable_constants(DEPTH=_depth(setting, rng, least=2), **goal_bonus(setting, rng))
    text = planner_text(setting, _DEEP, *methods, constants=constants)
    return Draft(("import random",), text)


def _fits_distributions(setting: Setting) -> bool:
    return setting.profile.single and setting.profile.chance == "distributions" and setting.actions is not None


def _fits_samples(setting: Setting) -> bool:
    """Where chance rules; in a certain model with goals, searches find more at less cost."""
    profile = setting.profile
    walks = profile.chance != "" or (profile.has_model and not profile.goals)
    return profile.single and walks and setting.actions is not None


def _write_expected(setting: Setting, rng: random.Random) -> Draft:
    sample = _cheapest(setting, "expected_cost(observation, action, self.DEPTH)")
    expected_cost = """
def expected_cost(self, state, action, depth):
    outcomes = self.domain.get_next_state_distribution(state, action).get_values()
    return sum(chance * self.cost_by(state, action, successor, depth) for successor, chance in outcomes)
"""
    cost_by = f"""
def cost_by(self, state, action, successor, depth):
{_cost_from(setting, "expected_cost")}"""
    methods = [sample, expected_cost, cost_by, *([STEP_COST] if setting.profile.goals else [])]
    constants = tunable_constants(DEPTH=_depth(setting, rng, outcomes=_USUAL_OUTCOMES), **goal_bonus(setting, rng))
    return Draft(("import random",), planner_text(setting, _EXPECTED, *methods, constants=constants))


def _write_simulated(setting: Setting, rng: random.Random) -> Draft:
    sample = _cheapest(setting, "simulated_cost(observation, action)")
    simulated_cost = """
def simulated_cost(self, observation, action):
    return sum(self.walk_cost(observation, action) for _ in range(self.WALKS)) / self.WALKS
"""
    walk_cost = f"""
def walk_cost(self, state, action):
    total = 0.0
    for _ in range(self.STEPS):
{textwrap.indent(_walked_step(setting), " " * 8)}
        action = random.choice(actions)
    return total
"""
    walks, steps = rng.choice((2, 5, 10)), rng.choice((5, 10, 20))
    constants = tunable_constants(
        WALKS=('(1, 15, "int")', walks), STEPS=('(1, 40, "int")', steps), **goal_bonus(setting, rng)
    )
    text = planner_text(setting, _SIMULATED, sample, simulated_cost, walk_cost, constants=constants)
    return Draft(("import random",), text)


def _walked_step(setting: Setting) -> str:
    """The statements that take a step of a walk, add up its cost, and end the walk where no step follows."""
    if setting.profile.has_model:
        step = [
            "successor = self.domain.get_next_state(state, action)",
            "total += self.domain.get_transition_value(state, action, successor).cost",
            "state = successor",
        ]
        ended = "self.domain.is_terminal(state)"
    else:
        step = [
            "outcome = self.domain.sample(state, action)",
            "state, total = outcome.observation, total + outcome.value.cost",
        ]
        ended = "outcome.termination"
    at_goal = ["if self.domain.is_goal(state):", "    return total - self.GOAL_BONUS"]
    left = [f"actions = list({setting.actions_at('state')})", f"if {ended} or not actions:", "    break"]
    return "\n".join([*step, *(at_goal if setting.profile.goals else []), *left])


LOOKAHEAD_IDIOMS = (
    Idiom(_ONE_STEP, _fits, _write_one_step, weight=0.7),
    Idiom(_DEEP, _fits, _write_deep, weight=0.7),
    Idiom(_EXPECTED, _fits_distributions, _write_expected, weight=1.5),
    Idiom(_SIMULATED, _fits_samples, _write_simulated, weight=0.7),
)
