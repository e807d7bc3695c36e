"""Lists that a project keeps for its own decisions."""
