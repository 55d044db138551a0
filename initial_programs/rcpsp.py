"""Schedule a project on scarce resources; start of the evolution: activities in the order of their numbers."""

# EVOLVE-BLOCK-START
import numpy as np

from skdecide_elm.environments import ProjectScheduling, ProjectState
from skdecide_elm.environments.project_scheduling import ReadyActivities


class Planner:
    """Schedules one project; ``domain`` is a model that tells what follows on an activity."""

    def __init__(self, domain: ProjectScheduling) -> None:
        self.domain = domain

    def sample_action(self, observation: ProjectState, applicable_actions: ReadyActivities) -> int:
        """The activity that begins now: the ready one of highest priority.

        ``observation`` holds arrays with one number per activity, such as ``duration`` and ``late_start``.
        """
        ready = applicable_actions.get_elements()
        return int(ready[np.argmax(self.priority(observation, ready))])

    def priority(self, observation: ProjectState, ready: np.ndarray) -> np.ndarray:
        """Priority of each ready activity: here, lower numbers come first."""
        return -ready


# EVOLVE-BLOCK-END
