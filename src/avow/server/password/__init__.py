"""Sign-in by password: sign-up, sign-in, replacing, changing, resetting, and what a new one has to be."""
