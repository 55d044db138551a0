"""Idioms for domains with a deterministic model and goals: search, then follow the plan."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Callable, Sequence
from functools import partial

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text, tunable_constants

__all__ = ["DISTANCE", "GOALS", "SEARCH_IDIOMS", "knows_distance"]

_BEAM_HEADLINE = "Follow a plan to a goal, found by beam search in the model."
_IMPORTS = ("import random", "from collections import Counter")

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

_BEST_FIRST = """
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
{expansion}
    return self.path(came_from, self.edge(cost_to, expanded))
"""

_BEAM = """
def search(self, start):
    cost_to = {{start: 0}}
    came_from = {{}}
    expanded = set()
    beam = [start]
    while beam and len(expanded) < self.NODE_LIMIT:
        reached = {{}}
        for state in beam:
{expansion}
        goals = [state for state in reached if self.domain.is_goal(state)]
        if goals:
            return self.path(came_from, min(goals, key=cost_to.get))
        beam = heapq.nsmallest(self.BEAM_WIDTH, reached, key=reached.get)
    return self.path(came_from, self.edge(cost_to, expanded))
"""

_EXPANSION = """
if state in expanded or self.domain.is_terminal(state):
    continue
expanded.add(state)
for action in {actions}:
    successor = self.domain.get_next_state(state, action)
    cost = cost_to[state] + {step_cost}
    if successor not in cost_to or {is_shorter}:
        cost_to[successor] = cost
        came_from[successor] = (state, action)
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

GOALS = "self.goals = list(domain.get_goals().get_elements())"
"""The constructor's assignment of what `DISTANCE` looks up."""

DISTANCE = """
def distance(self, state):
    return min(sum(abs(a - b) for a, b in zip(state, goal)) for goal in self.goals)
"""

_MODEL_COST = "self.domain.get_transition_value(state, action, successor).cost"


def _fits(setting: Setting) -> bool:
    profile = setting.profile
    listed = setting.actions is not None
    return profile.single and profile.has_model and profile.goals and profile.observation.hashable and listed


def knows_distance(setting: Setting) -> bool:
    """Whether a planner with a model can tell how far an observation is from a goal."""
    observation = setting.profile.observation
    return setting.profile.listed_goals and observation.vector is not None


def _fits_with_distance(setting: Setting) -> bool:
    return _fits(setting) and knows_distance(setting)


def _write_best_first(
    headline: str, priority: str, step_cost: str, weighted: bool, setting: Setting, rng: random.Random
) -> Draft:
    queued = [f"priority = {priority}", "heapq.heappush(queue, (priority, next(ticket), successor))"]
    search = _BEST_FIRST.format(expansion=_expansion(setting, step_cost, queued, depth=2))
    constants: dict[str, tuple[str, object]] = {"NODE_LIMIT": _node_limit(rng)}
    if weighted:
        constants["DISTANCE_WEIGHT"] = ("(0.0, 3.0)", rng.choice((0.5, 1.0, 1.5, 2.0)))
    text = _planner_text(setting, headline, search, tunable_constants(**constants), "distance" in priority)
    return Draft(("import heapq", "import itertools", *_IMPORTS), text)


def _write_beam(headline: str, setting: Setting, rng: random.Random) -> Draft:
    informed = knows_distance(setting)
    reached = [f"reached[successor] = {'self.distance(successor)' if informed else 'cost'}"]
    search = _BEAM.format(expansion=_expansion(setting, _MODEL_COST, reached, depth=3))
    width = rng.choice((10, 30, 100))
    constants = tunable_constants(NODE_LIMIT=_node_limit(rng), BEAM_WIDTH=('(1, 200, "int")', width))
    best = "nearest to a goal" if informed else "cheapest to reach"
    details = f"Of the states at each depth it follows the BEAM_WIDTH {best}."
    text = _planner_text(setting, headline, search, constants, informed, details)
    return Draft(("import heapq", *_IMPORTS), text)


def _node_limit(rng: random.Random) -> tuple[str, int]:
    """Bounds within which a search takes a fraction of a second, and a value."""
    return '(50, 4000, "int")', rng.choice((200, 600, 2000))


def _expansion(setting: Setting, step_cost: str, remembered: Sequence[str], depth: int) -> str:
    """The statements that expand a state, with those that remember where a new or shorter way leads."""
    is_shorter = "cost < cost_to[successor]"
    if setting.profile.rewards and step_cost == _MODEL_COST:
        # where costs may be negative, a circle is a shorter way to where it starts
        is_shorter = f"(successor not in expanded and {is_shorter})"
    text = _EXPANSION.format(actions=setting.actions_at("state"), step_cost=step_cost, is_shorter=is_shorter).strip()
    return textwrap.indent("\n".join([text, *(" " * 8 + line for line in remembered)]), " " * 4 * depth)


def _planner_text(
    setting: Setting, headline: str, search: str, constants: Sequence[str], informed: bool, details: str = ""
) -> str:
    sample = _SAMPLE_ACTION.format(arguments=setting.sample_arguments, choices=_choices(setting))
    edge = _EDGE.format(preference="self.distance(state)" if informed else "-cost_to[state]")
    on_edge = _DETAILS.format(preferred="nearest to a goal" if informed else "farthest from the start")
    return planner_text(
        setting,
        headline,
        *[sample, search, edge, _PATH, *([DISTANCE] if informed else [])],
        details=f"{details} {on_edge}",
        constants=constants,
        state=[*([GOALS] if informed else []), "self.plan = []", "self.expected = None", "self.ends = Counter()"],
    )


def _choices(setting: Setting) -> str:
    return f"list({setting.actions})" if setting.profile.restricted_actions else str(setting.actions)


def _idiom(
    headline: str,
    priority: str,
    step_cost: str,
    fits: Callable[[Setting], bool],
    weighted: bool = False,
) -> Idiom:
    return Idiom(headline, fits, partial(_write_best_first, headline, priority, step_cost, weighted), weight=1.5)


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
    Idiom(_BEAM_HEADLINE, _fits, partial(_write_beam, _BEAM_HEADLINE), weight=0.4),
)
