"""Find the way out of a maze; start of the evolution: a random walk."""

# EVOLVE-BLOCK-START
import random


class Planner:
    """Walks through one maze of ``width`` x ``height`` cells."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height

    def sample_action(self, observation: tuple[int, int]) -> str:
        """The move from the cell ``observation`` = (x, y): "up", "down", "left" or "right"."""
        return random.choice(["up", "down", "left", "right"])


# EVOLVE-BLOCK-END
