"""What messaging means: conversations, participants, messages, read state, and who may do what.

The domain is the only writer and the only emitter, and it emits after commit. It imports no transport, no SQL
and no HTTP: the store (`ports.Store`) and the emitter (`ports.Emitter`) arrive as arguments.
"""
