"""Avow in the tests of an application: a server in the process, with an outbox and a clock that the test moves."""
