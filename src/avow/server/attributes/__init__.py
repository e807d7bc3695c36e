"""Custom attributes that a project defines for users, tenants and access keys, and the searchable form of values."""
