"""What the embedded proposer reaches, beside two null arms at the same number of evaluations.

    python benchmarks/proposer.py [--seeds 10] [--first-seed 0] [--rows CartPole-v1,...] [--arms proposer,...]
        [--jobs 1] [--record FILE] [--show]

Each seed is one run of `IntegratedOpenEvolve` from the generated random sampler, with no LLM. A row's budget counts
every evaluation: of the initial program, of proposals, of tuned constants and of the validation that chooses the final
program. The final program is scored on episodes or instances that no search has seen. All of it takes about a day of
one core: with ``--record`` each run is written to a file as it ends, and those that are there are not run again, so
that the work can be done in parts, and a single run can be looked up and repeated. The table is printed of all that the
file has (``--seeds 0``: without running any more); `benchmarks/proposer.csv` is the README's. The null arms:

random      independent proposals from the same grammar, none built on another; the best of them
constants   the first proposal that has constants, and CMA-ES on these for all the rest of the budget
"""

from __future__ import annotations

import argparse
import logging
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from openevolve.utils.code_utils import parse_full_rewrite
from record import ARMS, Record, Run, table
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
from skdecide_elm.search.tuning import ChoiceSearch, RangeSearch, ranges_of

ROWS: dict[str, Row] = {row.name: row for row in (*CONTROL, *COMBINATORIAL)}
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


_SPENDING: dict[str, Callable[[Row, int], str]] = {
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
    ranges = ranges_of(code)
    # not the solver's choice: a compass search ends where no neighbour is better, and this arm has a budget to spend
    only_choices = all(span.scale == "choice" for span in ranges.values())
    search = ChoiceSearch(ranges, seed) if only_choices else RangeSearch(ranges, seed)
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


def outcome(run: Run) -> tuple[Run, float, float, str]:
    """(the run, what its final program reaches on the test, seconds, the program)."""
    be_quiet()
    started = time.perf_counter()
    code = _SPENDING[run.arm](ROWS[run.row], run.seed)
    return run, ROWS[run.row].test(code), time.perf_counter() - started, code


def outcomes(runs: list[Run], jobs: int) -> Iterator[tuple[Run, float, float, str]]:
    """Of each run, as it ends."""
    if jobs == 1:
        yield from map(outcome, runs)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for done in as_completed([pool.submit(outcome, run) for run in runs]):
            yield done.result()


def main() -> None:
    """Run what is not in the record yet, and print the table."""
    parser = row_arguments(__doc__, (name for name, row in ROWS.items() if row.available))
    parser.add_argument("--arms", default=",".join(ARMS))
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time, in processes of their own")
    parser.add_argument("--record", type=Path, help="file of the runs; those that it has are not run again")
    arguments = parser.parse_args()
    record = Record(arguments.record)
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    names, arms = arguments.rows.split(","), arguments.arms.split(",")
    if not all(ROWS[name].available for name in names):
        parser.error("expected a folder with PSPLIB's projects for the rows rcpsp-…; name it in SKDECIDE_ELM_DATA")
    runs = [Run(name, arm, seed) for name in names for arm in arms for seed in seeds]
    for run, value, seconds, code in outcomes([run for run in runs if run not in record], arguments.jobs):
        record.add(run, value, seconds)
        print(f"{run.row}, {run.arm}, seed {run.seed}: {value:.4g} in {seconds:.0f} s", flush=True)
        if arguments.show:
            print(*evolve_blocks(code), sep="\n", flush=True)
    print(table(ROWS.values(), record))


if __name__ == "__main__":
    main()
