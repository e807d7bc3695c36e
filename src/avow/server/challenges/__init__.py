"""Challenges: one notion for every one-time secret (codes, link tokens, pending sessions)."""
