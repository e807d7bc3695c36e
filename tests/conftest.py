"""Loads the test bed for every test."""
