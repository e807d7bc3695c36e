"""Applications to read and to start: each with one command, from the root of the repository."""
