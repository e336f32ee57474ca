"""Mutation of the protocol: each safeguard is taken out in turn, and a named test must turn red.

`python -m tests.mutants` works on a temporary copy of the repository and prints a table.
"""
