"""The Avow server: REST API, sign-in and key sets over SQLite or PostgreSQL."""
