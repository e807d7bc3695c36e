"""The Flask example: a home page, a login page, a profile and an endpoint that answers with a valid token only."""
