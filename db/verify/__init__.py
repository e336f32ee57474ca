"""Proving by SQL that nothing was lost, nothing is there twice, and nothing older lies over something newer.

Invariants 1 to 21, each a question to a live database that must be answered with no rows: 20 of the protocol, and
the last about coins.

    verification  asks all of them in one read-only snapshot
    invariant     what an invariant is, and how one SQL question is asked and counted
    journal       the journal, windows, checkpoints and counters agree (4 to 8, 13 to 15, 17)
    records       assets, raw records, quarantine and requests agree (1, 2, 9, 10, 18)
    attempts      runs and leases agree (3, 11, 12, 16)
    integrity     the database's own checks, and the constraints that guard it (19)
    leaks         no secret is stored anywhere (20)
    coins         no coin is empty or has two assets of one source, and decisions by hand hold (21)
"""
