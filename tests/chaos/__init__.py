"""Random kills of real processes, zombies, and databases that go away.

`python -m tests.chaos --kills 200 --seed 1` runs series of them and compares what is left with a clean run.
"""
