"""Accounts: users as management creates, changes, finds and deletes them."""
