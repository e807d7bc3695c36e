"""Sign-ins elsewhere, as social providers and tenants' SSO share them: starts, identities, linking, exchange codes."""
