"""The Socket.IO server against unmodified clients of other makers."""
