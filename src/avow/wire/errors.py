"""The body of every refused call of the API."""

from msgspec import UNSET, UnsetType

from avow.wire.endpoint import Shape
from avow.wire.secret import Secret

__all__ = ["ErrorEnvelope", "OAuthError"]


class ErrorEnvelope(Shape, frozen=True, kw_only=True):
    """Why a call was refused.

    Attributes:
        error_code: The situation, `E` and six digits; the same in every version.
        error_description: What the code means, in a sentence.
        error_message: What it means for this call.
        factors: With E061401: words of `amr`, of which one is to be shown; empty when one has to be enrolled.
        mfa_token: With E061401: takes the place of the refresh token in the sign-in that shows it. It signs nobody in.

    Spec: contract "tokens" section 8.
    """

    error_code: str
    error_description: str
    error_message: str = ""
    factors: tuple[str, ...] | UnsetType = UNSET
    mfa_token: Secret | UnsetType = UNSET


class OAuthError(Shape, frozen=True, kw_only=True, rename="lower"):
    """Why the OpenID provider refused a request.

    Spec: RFC 6749 section 5.2.
    """

    error: str
    error_description: str = ""
