"""Faults to survive: each test lets a run meet one, runs clean, and proves that nothing is left of it.

docs/faults.md lists them all with what a user sees; world.py holds the proof.
"""
