"""Commands of the embedded server."""
