"""The Django example: pages for everybody, for people, for roles, and a text summariser that needs a permission."""
