"""Faults and load: the product is attacked and overloaded while a healthy pair talks beside it.

`python -m benchmarks.endurance --help`; what each scenario does and means is in `docs/endurance.md`. Loopback only.
"""
