"""What the embedded proposer's final programs lose, and reach, when what makes them no better is left out.

    python benchmarks/simplification.py [--seeds 10] [--first-seed 0] [--rows MountainCar-v0,...] [--show]

The rows are those of ``benchmarks/proposer.py``. A part is left out if no score falls on the episodes of the search and
of the validation; the test has others.
"""

from __future__ import annotations

import statistics
import time

from proposer import ROWS, be_quiet, row_arguments, solver_of

from skdecide_elm.programs.markers import evolve_blocks
from skdecide_elm.programs.tunables import read_tunables

CONTROLLERS = ("CartPole-v1", "MountainCar-v0", "Acrobot-v1", "Pendulum-v1")


def before_and_after(name: str, seed: int) -> tuple[str, str, float]:
    """The final program of a run, what is left of it, and the seconds that leaving the rest out took."""
    row = ROWS[name]
    with solver_of(row, seed) as solver:
        solver.solve()
        code = solver.get_best_program_code()
        start = time.perf_counter()
        return code, solver.simplify_program_code(code), time.perf_counter() - start


def report(name: str, seeds: range, shows: bool) -> None:
    """Print a row."""
    counts, differences = [], []
    for seed in seeds:
        *codes, seconds = before_and_after(name, seed)
        values = [ROWS[name].test(code) for code in codes]
        counts.append([len(read_tunables(code)) for code in codes])
        differences.append(values[1] - values[0])
        print(f"    {name}, seed {seed}: {values[0]:.4g} with {counts[-1][0]} constants, ", end="")
        print(f"{values[1]:.4g} with {counts[-1][1]}, in {seconds:.0f} s", flush=True)
        if shows:
            print(*evolve_blocks(codes[1]), sep="\n", flush=True)
    before, after = (statistics.mean(column) for column in zip(*counts, strict=True))
    median, low, high = statistics.median(differences), min(differences), max(differences)
    print(
        f"{name} | {len(seeds)} seeds | constants {before:.1f} before, {after:.1f} after | "
        f"{ROWS[name].unit} after less before: median {median:.3g}, range {low:.3g} to {high:.3g}",
        flush=True,
    )


def main() -> None:
    """Print all rows."""
    arguments = row_arguments(__doc__, CONTROLLERS).parse_args()
    be_quiet()
    for name in arguments.rows.split(","):
        report(name, range(arguments.first_seed, arguments.first_seed + arguments.seeds), arguments.show)


if __name__ == "__main__":
    main()
