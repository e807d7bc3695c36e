"""Decisions without I/O: a rule takes plain data and the time, and returns a value."""
