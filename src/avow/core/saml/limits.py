"""The bounds of SAML documents: far above what honest ones need, far below what hurts."""

from typing import Final

__all__ = [
    "MAX_ATTRIBUTES",
    "MAX_CERTIFICATES",
    "MAX_DEPTH",
    "MAX_ISSUE_AGE_SECONDS",
    "MAX_METADATA_BYTES",
    "MAX_METADATA_ELEMENTS",
    "MAX_POSTED_CHARACTERS",
    "MAX_RELAY_STATE_BYTES",
    "MAX_RESPONSE_BYTES",
    "MAX_RESPONSE_ELEMENTS",
    "SKEW_SECONDS",
]

MAX_POSTED_CHARACTERS: Final = 512 * 1024  # of base64; a person in 150 groups comes to 30 kB
MAX_RESPONSE_BYTES: Final = MAX_POSTED_CHARACTERS * 3 // 4
MAX_RESPONSE_ELEMENTS: Final = 5_000  # 150 groups come to 400
MAX_METADATA_BYTES: Final = 5_000_000
MAX_METADATA_ELEMENTS: Final = 200_000
MAX_DEPTH: Final = 32
MAX_ATTRIBUTES: Final = 48  # of one element, declarations of namespaces among them
MAX_CERTIFICATES: Final = 8  # of one identity provider that are tried
MAX_RELAY_STATE_BYTES: Final = 80  # Spec: SAML Bindings section 3.4.3
# How far the clocks of two machines may lie apart, in both directions.
SKEW_SECONDS: Final = 120
# A response is posted within moments of its making; an older one is refused whatever it allows itself.
MAX_ISSUE_AGE_SECONDS: Final = 600
