"""OpenID Connect and OAuth 2.1 as decisions: requests judged, claims and proofs checked. No I/O, no clock."""
