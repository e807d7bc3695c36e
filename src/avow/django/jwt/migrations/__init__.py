"""The tables of the JWT layer as Django migrates them."""
