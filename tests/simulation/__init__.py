"""Whole servers under a virtual clock: schedules of faults from a seed, hours of them in a second.

The composition root, the scheduler, the runner and the HTTP policy are the real ones, over a real SQLite file. Only
time, the network and the threads are not: a simulated market answers, every statement takes a moment of virtual
time, and everything runs in one thread, so that a seed always gives the same history.

`python -m tests.simulation --seeds 1000` runs many; `--seed 17 --history` tells what happened in one.
"""
