"""Passwords as they are stored: those of users, their history, and what projects and tenants ask of them."""
