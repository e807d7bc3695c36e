"""The template libraries `avow` and `descope`."""
