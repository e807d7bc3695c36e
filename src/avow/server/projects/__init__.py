"""Projects: isolated sets of users, keys and settings."""
