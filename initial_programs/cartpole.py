"""Balance a pole on a cart; start of the evolution: random pushes."""

# EVOLVE-BLOCK-START
import random


class Planner:
    """Pushes the cart during one episode."""

    def sample_action(self, observation: list[float]) -> int:
        """The push: 0 (left) or 1 (right).

        ``observation`` holds the cart's position and velocity, the pole's angle and angular velocity.
        """
        return random.choice([0, 1])


# EVOLVE-BLOCK-END
