"""The first program of an integrated search: a random sampler of a domain's actions, assembled from parts."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

from skdecide import Domain

from skdecide_elm.domain_api.annotations import describe_type, is_unspecified
from skdecide_elm.domain_api.characteristics import check_supported
from skdecide_elm.domain_api.sampling import ActionShape, action_shape, drawn_action
from skdecide_elm.domain_api.sources import Imports, call_source
from skdecide_elm.domain_api.spaces import call_or_none, space_detail, spaces_by_agent
from skdecide_elm.programs.markers import END, START

__all__ = ["initial_program"]

_OWN_NAMES = frozenset({"Domain", "Planner", "Policy", "Space", "make_domain", "random", "rollout"})
_WIDTH = 100


def initial_program(
    domain: Domain,
    *,
    domain_factory: Callable[[], Domain] | None = None,
    include_rollout: bool = True,
) -> str:
    """The text of a program whose planner takes random actions in a domain.

    Args:
        domain: a fresh instance; it is reset when its actions are restricted, to see what space of applicable
            actions it answers with.
        domain_factory: what the script rollout makes the domain with; the class of ``domain`` when left out.
        include_rollout: end with a script that plays one episode, where the factory can be written as source;
            else a comment says why not.

    Raises:
        UnsupportedDomainError: the domain lacks a characteristic that a rollout needs, or its actions can
            neither be sampled nor enumerated.
    """
    check_supported(domain)
    shape = action_shape(domain)
    imports = Imports(_OWN_NAMES)
    planner = _planner(domain, shape, imports)
    script = _script(domain_factory or type(domain), shape, imports) if include_rollout else ""
    header = [f'"""{_introduction(domain, shape)}"""', "from __future__ import annotations"]
    sections = ["\n\n".join([*header, *_import_blocks(imports, shape)]), f"{START}\n{planner}{END}"]
    return "\n\n\n".join([*sections, script] if script else sections).rstrip() + "\n"


def _planner(domain: Domain, shape: ActionShape, imports: Imports) -> str:
    return _PLANNER.format(
        signature=_signature(domain, shape, imports),
        documentation=textwrap.indent(_documentation(domain, shape), " " * 8),
        body=textwrap.indent(_body(shape), " " * 8),
    )


_PLANNER = '''\
class Planner:
    """Takes random actions."""

    def __init__(self, domain: Domain) -> None:
        """Keep the planner's own copy of the domain: playing it does not touch the episode."""
        self.domain = domain

    def sample_action{signature}:
        """Choose the action to take now.

{documentation}
        """
{body}
'''


def _signature(domain: Domain, shape: ActionShape, imports: Imports) -> str:
    """Parameters and result of ``sample_action``, on several lines where one would be too long."""
    event = imports.annotation(domain.T_event)
    action = _per_agent(f"list[{event}]" if shape.parallel else event, shape)
    parameters = ["self", f"observation: {_per_agent(imports.annotation(domain.T_observation), shape)}"]
    if shape.restricted:
        parameters.append(f"applicable_actions: {_per_agent(f'Space[{event}]', shape)}")
    line = f"({', '.join(parameters)}) -> {action}"
    if len(line) <= _WIDTH - 20:
        return line
    return "\n".join(["(", *(f"        {parameter}," for parameter in parameters), f"    ) -> {action}"])


def _per_agent(text: str, shape: ActionShape) -> str:
    return f"dict[str, {text}]" if shape.multi_agent else text


def _documentation(domain: Domain, shape: ActionShape) -> str:
    observation = _described(domain.T_observation, domain.get_observation_space)
    action = _described(domain.T_event, domain.get_action_space)
    if shape.parallel:
        action = f"a list of events that happen at once, each {action}"
    lines = ["Args:", f"    observation: {_of_each_agent(observation, shape)}."]
    if shape.restricted:
        spaces = _of_each_agent("the scikit-decide space of actions that are possible now", shape)
        lines.append(f"    applicable_actions: {spaces}.")
    lines += ["", "Returns:", f"    The action: {_of_each_agent(action, shape)}."]
    return "\n".join(_wrapped(line) for line in lines)


def _wrapped(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(line, _WIDTH, subsequent_indent=indent + "    ")


def _described(type_: Any, space_getter: Callable[[], Any]) -> str:
    """A type in words; where the domain does not give it, what its space contains says more."""
    if not is_unspecified(type_):
        return describe_type(type_)
    spaces = spaces_by_agent(call_or_none(space_getter)).values()
    details = " or ".join(dict.fromkeys(filter(None, map(space_detail, spaces))))
    return f"an element of {details}" if details else describe_type(type_)


def _of_each_agent(what: str, shape: ActionShape) -> str:
    return f"a dict from the name of each agent to {what}" if shape.multi_agent else what


def _body(shape: ActionShape) -> str:
    """The statements of ``sample_action``: fetch the spaces, then draw from each."""
    fetch = ["action_space = self.domain.get_action_space()"] if shape.asks_action_space else []
    space = "applicable_actions" if shape.restricted else "action_space"
    if not shape.multi_agent:
        return "\n".join([*fetch, f"return {drawn_action(shape.draws[None], space, 'action_space', shape)}"])
    kinds = dict.fromkeys(shape.draws.values())
    if len(kinds) > 1:
        return "\n".join([*fetch, *_by_case(shape, space)])
    drawn = drawn_action(next(iter(kinds)), "space", "action_space[agent]", shape)
    return "\n".join([*fetch, f"return {{agent: {drawn} for agent, space in {space}.items()}}"])


def _by_case(shape: ActionShape, space: str) -> list[str]:
    """One entry per agent, for agents whose spaces differ in what they can do."""
    entries = [
        f"    {agent!r}: {drawn_action(draw, f'{space}[{agent!r}]', f'action_space[{agent!r}]', shape)},"
        for agent, draw in shape.draws.items()
    ]
    return ["return {", *entries, "}"]


def _import_blocks(imports: Imports, shape: ActionShape) -> list[str]:
    """Standard library first, then the rest."""
    standard, others = imports.lines()
    if shape.asks_random:
        standard = ["import random", *standard]
    skdecide = "from skdecide import Domain, Space" if shape.restricted else "from skdecide import Domain"
    return ["\n".join(block) for block in (standard, sorted([skdecide, *others])) if block]


def _introduction(domain: Domain, shape: ActionShape) -> str:
    """The module docstring: what the planner gets and answers."""
    shown = "the observation and the applicable actions" if shape.restricted else "the observation"
    paragraphs = [
        f"A planner for the domain {type(domain).__qualname__} of {type(domain).__module__}.",
        "A new planner is made for every episode. It gets its own copy of the domain, a scikit-decide domain "
        f"whose public methods it may call. At each step `sample_action` gets {shown}, and answers with the "
        + ("action to take for each agent." if shape.multi_agent else "action to take."),
        "Only the part between the two markers evolves.",
    ]
    return "\n\n".join(textwrap.fill(paragraph, _WIDTH) for paragraph in paragraphs) + "\n"


def _script(factory: Callable[..., Any], shape: ActionShape, imports: Imports) -> str:
    call, reason = call_source(factory, imports)
    if not call:
        comment = textwrap.wrap(f"No script rollout here: {reason}.", _WIDTH)
        return "\n".join(f"# {line}" for line in comment)
    per_agent = "v.cost for value in values for v in value.values()"
    return _SCRIPT.format(
        call=call,
        arguments="observation, domain.get_applicable_actions()" if shape.restricted else "observation",
        cost=per_agent if shape.multi_agent else "v.cost for v in values",
    )


_SCRIPT = '''\
if __name__ == "__main__":
    from skdecide.utils import rollout

    class Policy:
        """What `rollout` needs of a solver."""

        def __init__(self, planner):
            self.planner = planner

        def sample_action(self, observation, domain=None):
            return self.planner.sample_action({arguments})

    def make_domain():
        return {call}

    [(_, actions, values)] = rollout(
        make_domain(),
        Policy(Planner(make_domain())),
        max_steps=100,
        render=False,
        verbose=False,
        return_episodes=True,
    )
    print(f"{{len(actions)}} actions, total cost {{sum({cost})}}")
'''
