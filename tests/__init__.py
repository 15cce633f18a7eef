"""Tests of StockENT Messaging; one directory for each package, and `clients` for clients of other makers."""
