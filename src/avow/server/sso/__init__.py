"""SSO of tenants: what each one's identity provider is, and which roles its groups give."""
