"""JWT templates: what session tokens say beside the reserved claims."""
