"""Flows: what they are, where they go on to, the ones that every project has, and how imported ones are read."""
