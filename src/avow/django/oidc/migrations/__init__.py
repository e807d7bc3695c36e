"""The tables of sign-in at an OpenID provider as Django migrates them."""
