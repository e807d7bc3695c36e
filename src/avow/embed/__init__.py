"""Avow inside another process: the SDK's calls reach the server without a network."""
