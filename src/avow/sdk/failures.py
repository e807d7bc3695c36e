"""From an answer that is not 2xx to the error it means."""

from collections.abc import Mapping

import msgspec

from avow import errors, shaping
from avow.errors import AuthException, AvowError, RateLimitException
from avow.sdk.transport import Response
from avow.wire.secret import Secret, described, shown

__all__ = ["failure", "refuse", "retry_after_seconds"]

_MAX_DETAIL = 4000

# The class of a code that this version does not know. Of 400 and 401 there is no class that would not say too much.
_BY_STATUS: Mapping[int, type[AuthException]] = {
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.RequestTooLarge,
    431: errors.HeadersTooLarge,
    500: errors.ServerFault,
    501: errors.NotSupported,
    503: errors.Unavailable,
}


class _Envelope(msgspec.Struct, rename="camel"):
    error_code: str = ""
    error_description: str = ""
    error_message: str | None = None
    factors: tuple[str, ...] | None = None
    mfa_token: Secret | None = None

    __repr__ = described
    __rich_repr__ = shown


def refuse(response: Response) -> None:
    """Raise what an answer outside 2xx means; return for any other.

    Redirects are refused too: following one would hand the credentials to whoever it names.

    Raises:
        RateLimitException: The status is 429.
        AuthException: Any other; the class is that of the code, and for an unknown code that of the status.
    """
    if not 200 <= response.status < 300:
        raise failure(response)


def failure(response: Response) -> AvowError:
    """Return the error that an answer means; `detail` keeps the body as it came.

    Spec: contract "tokens" sections 8 and 9.
    """
    try:
        envelope = shaping.decode(response.body, _Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError):
        envelope = _Envelope()
    if response.status == 429:
        return _rate_limit(response, envelope)
    known = errors.BY_CODE.get(envelope.error_code)
    if known is None or not issubclass(known, AuthException):
        known = _BY_STATUS.get(response.status, AuthException)
    found = known(
        response.status,
        errors.ERROR_TYPE_SERVER_ERROR,
        envelope.error_message or envelope.error_description or f"The server answered {response.status}.",
        error_code=envelope.error_code or f"E019{response.status}",
        detail=response.text[:_MAX_DETAIL],
    )
    if isinstance(found, errors.SecondFactorNeeded):
        found.factors, found.mfa_token = envelope.factors or (), envelope.mfa_token or ""
        found.detail = ""  # the body holds the token, and `detail` is for logs
    return found


def retry_after_seconds(response: Response) -> int:
    """Return the seconds that Retry-After names; 0 when it is absent, a date or nonsense."""
    try:
        return max(0, int(response.header("retry-after")))
    except ValueError:
        return 0


def _rate_limit(response: Response, envelope: _Envelope) -> RateLimitException:
    name = errors.API_RATE_LIMIT_RETRY_AFTER_HEADER
    is_ours = bool(envelope.error_code)
    said = {name: retry_after_seconds(response)} if is_ours or response.header(name) else {}
    return RateLimitException(
        envelope.error_code if is_ours else response.status,
        errors.ERROR_TYPE_API_RATE_LIMIT,
        envelope.error_description or None,
        envelope.error_message or envelope.error_description or None,
        said,
        detail=response.text[:_MAX_DETAIL],
    )
