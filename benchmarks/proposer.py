"""What the embedded proposer reaches, beside two null arms at the same number of evaluations.

    python benchmarks/proposer.py [--seeds 10] [--first-seed 0] [--rows CartPole-v1,...] [--arms proposer,...]
        [--jobs 1] [--show]

Each seed is one run of `IntegratedOpenEvolve` from the generated random sampler, with no LLM. A row's budget counts
every evaluation: of the initial program, of proposals, of tuned constants and of the validation that chooses the final
program. The final program is scored on episodes or instances that no search has seen. The null arms:

random      independent proposals from the same grammar, none built on another; the best of them
constants   the first proposal that has constants, and CMA-ES on these for all the rest of the budget
"""

from __future__ import annotations

import argparse
import logging
import statistics
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from openevolve.utils.code_utils import parse_full_rewrite
from rows import Row
from rows_combinatorial import ROWS as COMBINATORIAL
from rows_control import ROWS as CONTROL

from skdecide_elm import IntegratedOpenEvolve
from skdecide_elm.domain_api import initial_program
from skdecide_elm.domain_api.profile import profile_domain
from skdecide_elm.errors import ReplyError
from skdecide_elm.llm.embedded import EmbeddedProposer
from skdecide_elm.programs.markers import evolve_blocks
from skdecide_elm.programs.tunables import read_tunables, with_values
from skdecide_elm.search.tuning import Range, RangeSearch

ROWS: dict[str, Row] = {row.name: row for row in (*COMBINATORIAL, *CONTROL)}
"""All rows by name, in the order of the table."""

Score = Callable[[str], float]


def proposer(row: Row, seed: int) -> str:
    """The program that a run of the solver finds."""
    with solver_of(row, seed) as solver:
        solver.solve()
        return str(solver.get_best_program_code())


def random_proposals(row: Row, seed: int) -> str:
    """The best of independent proposals."""
    return _best(row, seed, lambda score: _evaluated(score, _proposals(row, seed), row.budget))


def constants_only(row: Row, seed: int) -> str:
    """The best that CMA-ES makes of the constants of the first proposal that has any."""
    return _best(row, seed, lambda score: _tuned(score, row, seed))


ARMS: dict[str, Callable[[Row, int], str]] = {
    "proposer": proposer,
    "random": random_proposals,
    "constants": constants_only,
}


def solver_of(row: Row, seed: int) -> IntegratedOpenEvolve:
    """The solver of a run."""
    settings = {**row.solver_options, "random_seed": seed, "nb_iterations": row.iterations}
    return IntegratedOpenEvolve(row.domain_factory, **settings)


def _best(row: Row, seed: int, search: Callable[[Score], Iterator[tuple[float, str]]]) -> str:
    with solver_of(row, seed) as solver:

        def score(code: str) -> float:
            return float(solver.evaluate_program_code(code).metrics["combined_score"])

        return max(search(score), key=lambda found: found[0])[1]


def _evaluated(score: Score, codes: Iterator[str], budget: int) -> Iterator[tuple[float, str]]:
    for _, code in zip(range(budget), codes, strict=False):
        yield score(code), code


def _proposals(row: Row, seed: int) -> Iterator[str]:
    """Proposals that all start from the initial program."""
    domain = row.domain_factory()
    start = initial_program(domain)
    source = EmbeddedProposer(profile_domain(domain), seed)
    prompt = f"# Current Program\n```python\n{start}\n```\n"
    while True:
        try:
            yield parse_full_rewrite(source.reply(prompt), "python") + "\n"
        except ReplyError:
            continue


def _tuned(score: Score, row: Row, seed: int) -> Iterator[tuple[float, str]]:
    code = next(code for code in _proposals(row, seed) if read_tunables(code))
    yield score(code), code
    ranges = {t.name: Range(t.low, t.high, t.scale, t.value) for t in read_tunables(code)}
    search = RangeSearch(ranges, seed)
    for _ in range(row.budget - 1):
        asked = search.ask()
        assert asked is not None
        number, values = asked
        child = with_values(code, values)
        value = score(child)
        search.tell(number, value)
        yield value, child


def be_quiet() -> None:
    """Leave out what solvers and gymnasium tell, in this process."""
    logging.getLogger("skdecide_elm").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="gymnasium.*")


def row_arguments(description: str | None, rows: Iterable[str]) -> argparse.ArgumentParser:
    """A command line that chooses rows and seeds."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--rows", default=",".join(rows))
    parser.add_argument("--show", action="store_true", help="print the final programs")
    return parser


def run(name: str, arm: str, seed: int) -> tuple[float, float, str]:
    """(what the final program reaches on the test, seconds, the program) of one run."""
    be_quiet()
    started = time.perf_counter()
    code = ARMS[arm](ROWS[name], seed)
    return ROWS[name].test(code), time.perf_counter() - started, code


def report(row: Row, arm: str, seeds: range, shows: bool, runs: Iterable[tuple[float, float, str]]) -> None:
    """Print the runs of a row and arm as they end, with their programs if asked, then their summary."""
    values = []
    for seed, (value, seconds, code) in zip(seeds, runs, strict=True):
        values.append(value)
        print(f"    {row.name}, {arm}, seed {seed}: {value:.4g} in {seconds:.0f} s", flush=True)
        if shows:
            print(*evolve_blocks(code), sep="\n", flush=True)
    median = statistics.median(values)
    verdict = "reached" if row.reached(median) else "missed"
    print(
        f"{row.name} | {arm} | {row.budget} evaluations | median {median:.4g} | range {min(values):.4g} to "
        f"{max(values):.4g} | target {row.target:g} {row.unit}: {verdict} | {row.references}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = row_arguments(__doc__, ROWS)
    parser.add_argument("--arms", default=",".join(ARMS))
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time, in processes of their own")
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    with ProcessPoolExecutor(arguments.jobs, get_context("spawn")) as pool:  # which starts a process when it is asked
        apply = pool.map if arguments.jobs > 1 else map
        for name in arguments.rows.split(","):
            for arm in arguments.arms.split(","):
                report(ROWS[name], arm, seeds, arguments.show, apply(partial(run, name, arm), seeds))


if __name__ == "__main__":
    main()
