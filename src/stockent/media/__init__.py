"""What a file is, found from its content; pictures made safe; recordings measured.

Others call `worker.MediaWorkers`, which does it in a process that may die alone, and read `models`. Nothing here knows
of messages, people or storage, and nothing here imports anything else of ours.
"""
