"""Backends: the search engines behind the solvers."""

__all__: list[str] = []
