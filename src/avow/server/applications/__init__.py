"""Applications that sign people in through us, the APIs that access tokens are for, and consents."""
