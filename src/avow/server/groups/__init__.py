"""Groups of tenants, and who is in them."""
