"""What the command line consists of."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from skdecide_elm.cli.doctor import doctor
from skdecide_elm.cli.evaluate import evaluate
from skdecide_elm.cli.project import init
from skdecide_elm.cli.prompt import prompt
from skdecide_elm.cli.report import report
from skdecide_elm.cli.rollout import rollout
from skdecide_elm.cli.run import resume, run
from skdecide_elm.cli.simplify import simplify
from skdecide_elm.cli.tune import tune

__all__ = ["app", "main"]

_HELP = """Evolve readable planners for scikit-decide domains, with an LLM or without one.

Results go to the standard output, all else to the standard error stream.

Exit codes: 0 done; 1 something cannot work, and the message says what; 2 wrong usage; 3 the program is invalid;
130 stopped by Ctrl-C.
"""

app = typer.Typer(help=_HELP, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
"""The command line as an application of Typer, with all commands."""

for _command in (init, run, resume, evaluate, simplify, rollout, prompt, tune, report, doctor):
    app.command()(_command)


def _show_version(asked: bool) -> None:
    if asked:
        print(version("skdecide-elm"))
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version)
    ] = False,
) -> None: ...


def main() -> None:
    """Run a command; the console script."""
    app(prog_name="skdecide-elm")
