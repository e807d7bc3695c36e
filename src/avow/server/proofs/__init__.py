"""Proofs: who is to prove which address, and what follows when the code or link comes back.

Shared by every method whose secret travels by message; the methods themselves know only codes or links.
"""
