"""The test bed: databases, cache, mail and SMS sinks, browser, clock and servers for the tests."""
