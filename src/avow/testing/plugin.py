"""The pytest plugin that applications get with Avow."""
