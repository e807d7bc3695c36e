"""Access keys, the secrets of machines: under management, and exchanged for session tokens."""
