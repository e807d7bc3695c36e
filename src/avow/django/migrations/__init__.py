"""Migrations of the plugin: there is no table, only the proxy."""
