"""Pages that the server renders for people."""
