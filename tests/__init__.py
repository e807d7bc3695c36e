"""The tests of Avow; CONTRIBUTING.md says how they are arranged."""
