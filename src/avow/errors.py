"""Every error of Avow, once: class, HTTP status, code on the wire, public text.

The server raises these classes and answers them; the SDK rebuilds the same classes from `errorCode`. Codes that
the Descope REST contract names keep their numbers; our own are `E019` followed by the HTTP status.

`detail` is for logs and never leaves the process. `error_message` is public: a sentence, no blame, no secret.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

ERROR_TYPE_INVALID_ARGUMENT = "invalid argument"
ERROR_TYPE_SERVER_ERROR = "server error"
ERROR_TYPE_INVALID_PUBLIC_KEY = "invalid public key"
ERROR_TYPE_INVALID_TOKEN = "invalid token"
ERROR_TYPE_API_RATE_LIMIT = "API rate limit exceeded"
API_RATE_LIMIT_RETRY_AFTER_HEADER = "Retry-After"


class AvowError(Exception):
    """The root of every error that Avow raises on purpose."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "E019500"
    text: ClassVar[str] = "The server could not answer; the incident is logged under the request id."

    error_message: str
    error_code: str
    detail: str


class AuthException(AvowError):
    """A refused call; the subclasses name the situation, `status_code` is the HTTP status."""

    def __init__(
        self,
        status_code: int | None = None,
        error_type: str | None = None,
        error_message: str | None = None,
        *,
        error_code: str | None = None,
        detail: str = "",
    ) -> None:
        """Keep what the caller may see, and `detail` for the log.

        Args:
            status_code: HTTP status; the class's own when absent.
            error_type: One of the `ERROR_TYPE_` constants.
            error_message: Public sentence; the class's own text when absent.
            error_code: Code on the wire; the class's own when absent.
            detail: For the log only.
        """
        self.status_code = self.status if status_code is None else status_code
        self.error_type = error_type or ERROR_TYPE_SERVER_ERROR
        self.error_message = self.text if error_message is None else error_message
        self.error_code = error_code or self.code
        self.detail = detail
        super().__init__(self.error_message)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.status_code}, {self.error_type!r}, {self.error_message!r})"

    def __str__(self) -> str:
        return f"{self.error_code}: {self.error_message}"


class RateLimitException(AvowError):
    """Too many calls; `rate_limit_parameters["Retry-After"]` says how many seconds to wait.

    `status_code` is the code on the wire, a string, as the contract has it.
    """

    status = 429
    code = "E130429"
    text = "There were too many requests; wait for the seconds in Retry-After and try again."

    def __init__(
        self,
        status_code: int | str | None = None,
        error_type: str | None = None,
        error_description: str | None = None,
        error_message: str | None = None,
        rate_limit_parameters: Mapping[str, Any] | None = None,
        *,
        retry_after_seconds: int | None = None,
        detail: str = "",
    ) -> None:
        """Keep the contract's fields; `retry_after_seconds` fills `rate_limit_parameters` when given."""
        self.status_code = self.code if status_code is None else status_code
        self.error_type = error_type or ERROR_TYPE_API_RATE_LIMIT
        self.error_description = self.text if error_description is None else error_description
        self.error_message = self.text if error_message is None else error_message
        self.error_code = self.code
        self.rate_limit_parameters = dict(rate_limit_parameters or {})
        if retry_after_seconds is not None:
            self.rate_limit_parameters[API_RATE_LIMIT_RETRY_AFTER_HEADER] = retry_after_seconds
        self.detail = detail
        super().__init__(self.error_message)

    @property
    def retry_after_seconds(self) -> int:
        """Return the seconds to wait, 0 when the server did not say."""
        return int(self.rate_limit_parameters.get(API_RATE_LIMIT_RETRY_AFTER_HEADER, 0))

    def __str__(self) -> str:
        return f"{self.error_code}: {self.error_message}"


# 400: the request itself is wrong.
class MalformedRequest(AuthException):
    status, code, text = 400, "E011001", "The request could not be read."


class MissingArgument(AuthException):
    status, code, text = 400, "E011002", "An argument is missing."


class InvalidRequest(AuthException):
    status, code, text = 400, "E011003", "The request does not have the expected shape."


class InvalidArgument(AuthException):
    status, code, text = 400, "E011004", "An argument is not valid."


class FetchFailed(AuthException):
    status, code, text = 400, "E011005", "Another server that is needed here did not answer as it should."


class UserExists(AuthException):
    status, code, text = 400, "E062107", "A user with this login ID exists already."


class MethodNotEnabled(AuthException):
    status, code, text = 400, "E019400", "This sign-in method is not enabled for the project."


class OAuthRefused(AuthException):
    """A refusal in the words of OAuth, for clients of the OpenID provider.

    Attributes:
        error: Of the standards: `invalid_grant`, `invalid_client`, ...
        challenge: Value of `WWW-Authenticate`, or "".
    """

    status, code, text = 400, "E019460", "The OpenID provider refuses this."

    def __init__(
        self,
        status_code: int | None = None,
        error_type: str | None = None,
        error_message: str | None = None,
        *,
        error_code: str | None = None,
        detail: str = "",
        error: str = "invalid_request",
        challenge: str = "",
    ) -> None:
        """Keep the standard's error beside the rest."""
        super().__init__(status_code, error_type, error_message, error_code=error_code, detail=detail)
        self.error = error
        self.challenge = challenge


# 401: wrong or expired proof.
class InvalidCode(AuthException):
    status, code, text = 401, "E061102", "The code is wrong."


class TooManyAttempts(AuthException):
    status, code, text = 401, "E061103", "There were too many wrong codes; ask for a new code."


class CodeExpired(AuthException):
    status, code, text = 401, "E061104", "The code has expired; ask for a new code."


class UserNotFound(AuthException):
    status, code, text = 401, "E062108", "There is no user with this login ID."


class LinkPending(AuthException):
    status, code, text = 401, "E062503", "The link has not been clicked yet."


class LinkExpired(AuthException):
    status, code, text = 401, "E062504", "The link has expired; ask for a new one."


class InvalidPassword(AuthException):
    status, code, text = 401, "E062901", "The login ID or the password is wrong."


class PasswordExpired(AuthException):
    status, code, text = 401, "E062909", "The password has to be replaced by another one before it signs in."


class InvalidLink(AuthException):
    status, code, text = 401, "E063010", "The link is not valid any more; ask for a new one."


class SignInRefused(AuthException):
    status, code, text = 401, "E061301", "The sign-in elsewhere came back without a proof that counts; begin anew."


class SignInDeclined(AuthException):
    status, code, text = 401, "E061302", "The sign-in elsewhere was given up or declined there."


class SessionEnded(AuthException):
    status, code, text = 401, "E064001", "The session has ended; sign in again."


class InvalidPasskey(AuthException):
    status, code, text = 401, "E067001", "The passkey was not accepted; begin anew."


class NoPasskeys(AuthException):
    status, code, text = 401, "E067010", "The user has no passkey here."


class FlowExpired(AuthException):
    status, code, text = 401, "E103205", "The sign-in took too long; begin again."


class FlowChanged(AuthException):
    status, code, text = 401, "E102004", "The sign-in flow has changed meanwhile; begin again."


class FlowElsewhere(AuthException):
    status, code, text = 401, "E108201", "This sign-in was begun in another browser, or has gone on; begin again."


class InvalidCaller(AuthException):
    status, code, text = (
        401,
        "E019401",
        "The Authorization header does not name a known project and a valid token or key.",
    )


class MissingAccessKey(InvalidCaller):
    status, code, text = 401, "E062802", "An access key is needed."


class InvalidAccessKey(InvalidCaller):
    status, code, text = 401, "E062803", "The access key is not valid."


class InvalidToken(AuthException):
    status, code, text = 401, "E064002", "The token is not valid."


class TokenExpired(InvalidToken):
    status, code, text = 401, "E064003", "The token has expired."


class UnknownKey(InvalidToken):
    status, code, text = 401, "E064004", "The token is signed with a key that is not published."


# 403, 404, 405, 413 ...: known caller, but no.
class UserDisabled(AuthException):
    status, code, text = 403, "E062110", "The user is disabled."


class SsoDomainRefused(AuthException):
    status, code, text = 403, "E061304", "The address is not one of the domains that this tenant signs in by its SSO."


class SsoOnly(AuthException):
    status, code, text = 403, "E061305", "This user signs in through the SSO of their tenant, and not otherwise."


class LinkingRefused(AuthException):
    status, code, text = 403, "E061303", "Somebody has this address already; sign in as before and connect it there."


class Forbidden(AuthException):
    status, code, text = 403, "E019403", "The caller has no right to do this."


class SecondFactorNeeded(AuthException):
    """What was shown holds, and is not enough.

    Attributes:
        factors: Words of `amr`, of which one is to be shown; none when the user has nothing else and has to enrol it.
        mfa_token: Takes the place of the refresh token in the sign-in that shows it (`mfa: true`), for ten minutes; ""
            where the caller has a token that does. Nobody is signed in by it.
    """

    status, code, text = 403, "E061401", "A second factor is needed."

    def __init__(
        self,
        status_code: int | None = None,
        error_type: str | None = None,
        error_message: str | None = None,
        *,
        error_code: str | None = None,
        detail: str = "",
        factors: tuple[str, ...] = (),
        mfa_token: str = "",
    ) -> None:
        """Say which factors there are, where the sentence is not given."""
        if error_message is None:
            which = f"show one of: {', '.join(factors)}" if factors else "enrol an authenticator app or a passkey"
            error_message = f"{self.text[:-1]}: {which}."
        super().__init__(status_code, error_type, error_message, error_code=error_code, detail=detail)
        self.factors = factors
        self.mfa_token = mfa_token


class FreshProofNeeded(AuthException):
    status, code, text = 403, "E061402", "For this the user has to have signed in, or stepped up, a short while ago."


class UserMissing(AuthException):
    status, code, text = 404, "E112102", "There is no such user."


class NotFound(AuthException):
    status, code, text = 404, "E019404", "There is nothing here."


class MethodNotAllowed(AuthException):
    status, code, text = 405, "E019405", "This address does not take that HTTP method."


class RequestLate(AuthException):
    status, code, text = 408, "E019408", "The request did not arrive in time."


class RequestTooLarge(AuthException):
    status, code, text = 413, "E019413", "The request is larger than this server accepts."


class HeadersTooLarge(AuthException):
    status, code, text = 431, "E019431", "The headers of the request are larger than this server accepts."


# 5xx: ours.
class ServerFault(AuthException):
    status, code = 500, "E019500"


class InvalidPublicKey(AuthException):
    status, code, text = 500, "E019500", "The key, or the set of keys, is not one that Avow accepts."


class SealBroken(AuthException):
    status, code = 500, "E019500"


class NotSupported(AuthException):
    status, code, text = 501, "E019501", "Avow does not support this operation yet."


class Unavailable(AuthException):
    status, code, text = 503, "E019503", "The server cannot write at the moment; try again shortly."
    retry_after_seconds = 1


# What only the SDK raises, about the way to the server; these codes never travel.
class Unreachable(AuthException):
    status, code, text = 503, "C019503", "The Avow server could not be reached; nothing was sent."


class KeysUnavailable(AuthException):
    status, code, text = 503, "C019513", "The keys of the project could not be fetched, so no token can be verified."


class UnreadableAnswer(AuthException):
    status, code, text = 502, "C019502", "The answer is not one that an Avow server gives."


class UnknownOutcome(AuthException):
    status, code, text = 504, "C019504", "The connection broke before the answer; the call may have taken effect."


class TimedOut(UnknownOutcome):
    status, code, text = 504, "C019514", "The Avow server did not answer in time; the call may have taken effect."


def _subclasses(root: type[AvowError]) -> dict[str, type[AvowError]]:
    found: dict[str, type[AvowError]] = {}
    for child in root.__subclasses__():
        found.update(_subclasses(child))
        found.setdefault(child.code, child)
    return found


BY_CODE: Mapping[str, type[AvowError]] = _subclasses(AvowError)
