"""Loads the test bed for every test."""

pytest_plugins = ["tests.bed.plugin", "tests.bed.cases", "tests.bed.backends"]
