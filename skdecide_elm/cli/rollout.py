"""``rollout``: the final program of a run at work."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from skdecide_elm.cli.reporting import AsJson, answer, reporting
from skdecide_elm.errors import ConfigError

if TYPE_CHECKING:
    from skdecide_elm.config import RunConfig
    from skdecide_elm.solvers.base import ProgramSolver

__all__ = ["rollout"]


def rollout(
    folder: Annotated[Path, typer.Argument(help="Folder of a run.")],
    split: Annotated[
        Literal["train", "validation", "test"], typer.Option("--on", help="On which set of instances.")
    ] = "train",
    instance: Annotated[int, typer.Option("--instance", "-i", min=0, help="Number of the instance, from 0.")] = 0,
    episodes: Annotated[int, typer.Option("--episodes", "-e", min=1)] = 1,
    max_steps: Annotated[int | None, typer.Option("--max-steps", min=1, help="Else as in the evaluation.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of what the episodes leave to chance.")] = 0,
    render: Annotated[bool, typer.Option("--render", help="Show each step as the domain draws it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Roll out the final program of a run by scikit-decide's own means.

    The program runs in this process, without isolation: read it first. The same seed gives the same episodes; they are
    not those of the evaluation, whose seeds no program shall know.

    Examples:

      skdecide-elm rollout runs/first --render

      skdecide-elm rollout runs/first --on test --instance 2 --episodes 10 --json
    """
    from skdecide_elm.cli.logs import logged
    from skdecide_elm.cli.run_folder import RunFolder
    from skdecide_elm.evaluation.randomness import derive_seed, make_unseeded_generators_follow, seed_everything

    with reporting(as_json), logged(is_search=False):
        place = RunFolder(folder)
        config = place.load_config([])
        factory = _instance(config, split, instance)
        make_unseeded_generators_follow()
        seed_everything(derive_seed(seed, "instance", instance))
        domain = factory()
        found = []
        with place.load_solver(config) as solver:
            for number in range(episodes):
                seed_everything(derive_seed(seed, instance, number), domain)
                found.append(_play(solver, domain, max_steps or _max_steps(config), render))
        if as_json:
            answer({"episodes": found})
        else:
            for number, episode in enumerate(found, 1):
                print(f"episode {number}: {', '.join(f'{name} {value}' for name, value in episode.items())}")


def _instance(config: RunConfig, split: Literal["train", "validation", "test"], number: int) -> Any:
    instances = config.domain.instances(split)
    if split == "train" and not instances:
        instances = [config.domain_factory]
    if number >= len(instances):
        raise ConfigError(f"expected an instance among the {len(instances)} of {split}; found number {number}")
    return instances[number]


def _max_steps(config: RunConfig) -> Any:
    return config.sections.evaluation.rollout_max_steps


def _play(solver: ProgramSolver, domain: Any, max_steps: Any, render: bool) -> dict[str, Any]:
    """Steps, total cost (of all agents), and whether the goal was reached, where there are goals."""
    from skdecide.utils import rollout as roll_out

    [(observations, actions, values)] = roll_out(
        domain,
        solver,
        max_steps=max_steps(domain) if callable(max_steps) else max_steps,
        render=render,
        verbose=False,
        goal_logging_level=logging.DEBUG,
        return_episodes=True,
    )
    costs = [own.cost for value in values for own in (value.values() if isinstance(value, dict) else [value])]
    found: dict[str, Any] = {"steps": len(actions), "cost": float(sum(costs))}
    if hasattr(domain, "is_goal"):
        reached = domain.is_goal(observations[-1])
        found["goal"] = all(reached.values()) if isinstance(reached, dict) else bool(reached)
    return found
