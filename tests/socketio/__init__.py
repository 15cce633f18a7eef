"""Tests of the Socket.IO server: sans-I/O layers by themselves, then over the wire with raw clients."""
