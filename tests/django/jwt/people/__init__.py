"""An app with a user model of its own: a UUID for a key, an e-mail address to sign in with."""
