"""Reports: what a run has found, as one HTML file, as plots, or as a card in a notebook."""

from skdecide_elm.report.model import RunView
from skdecide_elm.report.reading import Run, RunFiles, read_run
from skdecide_elm.report.rendering import render, write_report

__all__ = ["Run", "RunFiles", "RunView", "read_run", "render", "write_report"]
