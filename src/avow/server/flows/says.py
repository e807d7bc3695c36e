"""What people are told of errors: by the situation, in words that say what to do next."""

from avow.errors import (
    AvowError,
    CodeExpired,
    FetchFailed,
    FlowExpired,
    FreshProofNeeded,
    InvalidArgument,
    InvalidCode,
    InvalidLink,
    InvalidPasskey,
    InvalidPassword,
    LinkExpired,
    MethodNotEnabled,
    NoPasskeys,
    RateLimitException,
    SessionEnded,
    SignInDeclined,
    SignInRefused,
    SsoOnly,
    TooManyAttempts,
    UserDisabled,
    UserExists,
    UserNotFound,
)
from avow.server.screens.values import Said

__all__ = ["UNREADABLE", "UNREADABLE_EMAIL", "said_of"]

_LONG_WAIT_SECONDS = 120  # told in minutes from here on

# What the log is told of a login ID that cannot be read, and what a person is.
UNREADABLE_EMAIL = "the login ID is no e-mail address"
UNREADABLE = "the login ID is neither an e-mail address nor a phone number"
_UNREADABLE = {UNREADABLE_EMAIL: "wrong.email", UNREADABLE: "wrong.address"}

_KEYS: dict[type[AvowError], str] = {
    InvalidCode: "wrong.code-last",
    TooManyAttempts: "wrong.code-last",
    CodeExpired: "wrong.code-expired",
    InvalidPassword: "wrong.password",
    InvalidLink: "wrong.link-ended",
    LinkExpired: "wrong.link-ended",
    InvalidPasskey: "wrong.passkey",
    NoPasskeys: "wrong.no-passkey",
    UserNotFound: "wrong.user",
    UserExists: "wrong.user-exists",
    UserDisabled: "wrong.disabled",
    SsoOnly: "wrong.sso-only",
    SignInRefused: "wrong.provider",
    SignInDeclined: "wrong.provider",
    FetchFailed: "wrong.provider",
    MethodNotEnabled: "wrong.method",
    SessionEnded: "wrong.session",
    FreshProofNeeded: "wrong.stale",
    FlowExpired: "wrong.expired",
}


def said_of(error: AvowError) -> Said:
    """Return what to tell somebody about an error."""
    if isinstance(error, RateLimitException):
        seconds = error.retry_after_seconds
        if seconds > _LONG_WAIT_SECONDS:
            return Said("wrong.wait-minutes", {"minutes": -(-seconds // 60)})
        return Said("wrong.wait", {"seconds": max(1, seconds)})
    for kind, key in _KEYS.items():
        if isinstance(error, kind):
            return Said(key)
    if isinstance(error, InvalidArgument) and error.detail in _UNREADABLE:
        return Said(_UNREADABLE[error.detail])
    why = error.error_message if isinstance(error, InvalidArgument) else error.text
    return Said("wrong.other", {"why": why})
