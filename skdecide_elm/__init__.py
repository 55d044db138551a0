"""Evolve readable planners for scikit-decide domains."""
