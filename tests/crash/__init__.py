"""Crash points enumerated: a run dies before and after every SQL statement and at every await, then is resumed.

`python -m tests.crash` kills a real process (os._exit, so no clean-up code runs) at each point of a run over three
pages, resumes in another process, and compares everything that is stored with a run that was never killed.
"""
