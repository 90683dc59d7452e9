"""Instruments: what a suite measures beyond the common measures, each with its own chapter of the report.

A suite asks for them by name, ``metrics = ["nonstationarity"]``. An instrument measures one run at a time, compares the
runs of a game, and says in a chapter what came out; see `contract`.
"""
