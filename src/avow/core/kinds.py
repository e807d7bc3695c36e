"""What tells the tokens of a project apart. Spec: contract "tokens" section 2."""

from typing import Final

__all__ = ["KEY_CLAIM", "REFRESH", "SESSION"]

# Values of the claim `drn`.
SESSION: Final = "DS"
REFRESH: Final = "DSR"

# Only tokens of access keys have it, so that nobody takes a machine for a user.
KEY_CLAIM: Final = "keyId"
