"""The command line, ``skdecide-elm``."""

from skdecide_elm.cli.app import app, main

__all__ = ["app", "main"]
