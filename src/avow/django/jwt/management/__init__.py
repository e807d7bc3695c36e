"""Management commands of the JWT layer."""
