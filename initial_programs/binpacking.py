"""Pack items that arrive one by one into few bins; start of the evolution: first fit."""

# EVOLVE-BLOCK-START
import numpy as np


class Planner:
    """Packs one stream of items into bins of size ``capacity``."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity

    def sample_action(self, observation: tuple[int, np.ndarray], applicable_actions: np.ndarray) -> int:
        """The index of the bin for the item that has arrived: the fitting bin of highest priority.

        ``observation`` is (size of the item, free capacities of all bins); the last bin is always empty.
        ``applicable_actions`` is the array of the indices of the bins into which the item fits.
        """
        item, residual = observation
        priorities = self.priority(item, residual[applicable_actions], applicable_actions)
        return int(applicable_actions[np.argmax(priorities)])

    def priority(self, item: int, residual: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """Priority of each fitting bin: here, bins that were opened earlier come first."""
        return -indices


# EVOLVE-BLOCK-END
