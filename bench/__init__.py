"""Benchmarks: `python -m bench`. Timings live here and never in tests."""
