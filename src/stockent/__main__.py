"""Lets `python -m stockent` do what `stockent` does."""

from .cli import main

main()
