"""The client in one of its two colours."""
