"""What an operator sees of a running server: health, readiness, metrics, and a log line per request."""
