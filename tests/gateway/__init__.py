"""The socket gateway end to end: a whole node in the test's process, and clients of other makers on its port."""
