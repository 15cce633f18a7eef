"""The benchmark: a load generator in C, servers to compare with, and the runner; `python -m benchmarks --help`.

Nothing here is part of the product, and the product imports nothing of it.
"""
