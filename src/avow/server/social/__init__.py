"""Sign-in with social providers: OAuth 2.0 and OpenID Connect, providers as data."""
