"""Code that is only read by type checkers."""
