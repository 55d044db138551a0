"""Idioms for domains with a deterministic model and goals: search, then follow the plan."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text

__all__ = ["SEARCH_IDIOMS"]

_NODE_LIMITS = (200, 600, 2000)

_DETAILS = """The search starts from what is observed, and again whenever the plan is used up or the world is
not where the plan says. When it runs out of nodes, the plan leads to the edge of what it has seen: to where the fewest
plans have led, and of these to the state {preferred}."""

_SAMPLE_ACTION = """
def sample_action({arguments}):
    if not self.plan or observation != self.expected:
        self.plan = self.search(observation)
    if not self.plan:
        return random.choice({choices})
    action, self.expected = self.plan.pop(0)
    return action
"""

_SEARCH = """
def search(self, start):
    cost_to = {{start: 0}}
    came_from = {{}}
    ticket = itertools.count()
    queue = [(0, next(ticket), start)]
    expanded = set()
    while queue and len(expanded) < self.NODE_LIMIT:
        state = heapq.heappop(queue)[-1]
        if self.domain.is_goal(state):
            return self.path(came_from, state)
        if state in expanded or self.domain.is_terminal(state):
            continue
        expanded.add(state)
        for action in {actions}:
            successor = self.domain.get_next_state(state, action)
            cost = cost_to[state] + {step_cost}
            if successor not in cost_to or cost < cost_to[successor]:
                cost_to[successor] = cost
                came_from[successor] = (state, action)
                priority = {priority}
                heapq.heappush(queue, (priority, next(ticket), successor))
    return self.path(came_from, self.edge(cost_to, expanded))
"""

_EDGE = """
def edge(self, cost_to, expanded):
    frontier = [
        state
        for state in cost_to
        if state not in expanded and (self.domain.is_goal(state) or not self.domain.is_terminal(state))
    ]
    end = min(frontier, key=lambda state: (self.ends[state], {preference}), default=None)
    self.ends[end] += 1
    return end
"""

_PATH = """
def path(self, came_from, state):
    steps = []
    while state in came_from:
        previous, action = came_from[state]
        steps.append((action, state))
        state = previous
    return steps[::-1]
"""

_DISTANCE = """
def distance(self, state):
    return min(sum(abs(a - b) for a, b in zip(state, goal)) for goal in self.goals)
"""

_MODEL_COST = "self.domain.get_transition_value(state, action, successor).cost"


def _fits(setting: Setting) -> bool:
    profile = setting.profile
    listed = setting.actions is not None
    return profile.single and profile.has_model and profile.goals and profile.observation.hashable and listed


def _fits_with_distance(setting: Setting) -> bool:
    observation = setting.profile.observation
    return _fits(setting) and setting.profile.listed_goals and observation.vector is not None


def _write(headline: str, priority: str, step_cost: str, weighted: bool, setting: Setting, rng: random.Random) -> Draft:
    informed = "distance" in priority
    constants = [f"NODE_LIMIT = {rng.choice(_NODE_LIMITS)}"]
    if weighted:
        constants.append(f"DISTANCE_WEIGHT = {rng.choice((0.5, 1.0, 1.5, 2.0))}")
    search = _SEARCH.format(actions=setting.actions_at("state"), step_cost=step_cost, priority=priority)
    sample = _SAMPLE_ACTION.format(arguments=setting.sample_arguments, choices=_choices(setting))
    edge = _EDGE.format(preference="self.distance(state)" if informed else "-cost_to[state]")
    methods = [sample, search, edge, _PATH, *([_DISTANCE] if informed else [])]
    text = planner_text(
        setting,
        headline,
        *methods,
        details=_DETAILS.format(preferred="nearest to a goal" if informed else "farthest from the start"),
        constants=constants,
        state=[
            *(["self.goals = list(domain.get_goals().get_elements())"] if informed else []),
            "self.plan = []",
            "self.expected = None",
            "self.ends = Counter()",
        ],
    )
    return Draft(("import heapq", "import itertools", "import random", "from collections import Counter"), text)


def _choices(setting: Setting) -> str:
    return f"list({setting.actions})" if setting.profile.restricted_actions else str(setting.actions)


def _idiom(
    headline: str,
    priority: str,
    step_cost: str,
    fits: Callable[[Setting], bool],
    weighted: bool = False,
) -> Idiom:
    return Idiom(headline, fits, partial(_write, headline, priority, step_cost, weighted), weight=1.5)


SEARCH_IDIOMS = (
    _idiom("Follow a plan to a goal, found by breadth-first search in the model.", "cost", "1", _fits),
    _idiom(
        "Follow a plan to a goal, found by uniform-cost search in the model.",
        "cost",
        _MODEL_COST,
        _fits,
    ),
    _idiom(
        "Follow a plan to a goal, found by A* search in the model.",
        "cost + self.DISTANCE_WEIGHT * self.distance(successor)",
        _MODEL_COST,
        _fits_with_distance,
        weighted=True,
    ),
    _idiom(
        "Follow a plan to a goal, found by greedy best-first search in the model.",
        "self.distance(successor)",
        _MODEL_COST,
        _fits_with_distance,
    ),
)
