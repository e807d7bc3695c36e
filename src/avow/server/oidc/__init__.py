"""The OpenID provider and OAuth 2.1 server, of every project at its own path and of one at the root of a host."""
