"""Users brought from elsewhere, many at once."""
