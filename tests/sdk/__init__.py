"""The SDK: one body, both colours."""
