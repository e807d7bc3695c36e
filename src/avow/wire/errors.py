"""The body of every refused call of the API."""

from avow.wire.endpoint import Shape

__all__ = ["ErrorEnvelope"]


class ErrorEnvelope(Shape, frozen=True, kw_only=True):
    """Why a call was refused.

    Attributes:
        error_code: The situation, `E` and six digits; the same in every version.
        error_description: What the code means, in a sentence.
        error_message: What it means for this call.

    Spec: contract "tokens" section 8.
    """

    error_code: str
    error_description: str
    error_message: str = ""
