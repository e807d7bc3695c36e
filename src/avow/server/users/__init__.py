"""Users: the people of a project."""
