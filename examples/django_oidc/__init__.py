"""The Django and Authlib example: login at an OpenID provider of the reader's, and an API server that it calls."""
