"""What deleted projects and tenants leave behind, and imports that have ended; and how it goes."""
