"""Management keys by the management API, and who administers a tenant."""
