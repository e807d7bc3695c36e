"""Management calls, one module per resource."""
