"""Sign-ins elsewhere, decided without I/O: requests to OpenID and OAuth providers, and what their answers prove."""
