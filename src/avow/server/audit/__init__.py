"""The audit: found again, added to, and sent on to webhooks."""
