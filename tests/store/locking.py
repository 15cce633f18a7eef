"""A process that locks a SQLite file against writers until its input ends: see `test_faults.py`."""

import sqlite3
import sys

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
sys.stdout.write("locked\n")
sys.stdout.flush()
sys.stdin.read()
