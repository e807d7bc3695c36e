"""The errors that applications catch, under the module name that they know from the official SDK."""

from avow.errors import (
    API_RATE_LIMIT_RETRY_AFTER_HEADER,
    ERROR_TYPE_API_RATE_LIMIT,
    ERROR_TYPE_INVALID_ARGUMENT,
    ERROR_TYPE_INVALID_PUBLIC_KEY,
    ERROR_TYPE_INVALID_TOKEN,
    ERROR_TYPE_SERVER_ERROR,
    AuthException,
    AvowError,
    RateLimitException,
)

__all__ = [
    "API_RATE_LIMIT_RETRY_AFTER_HEADER",
    "ERROR_TYPE_API_RATE_LIMIT",
    "ERROR_TYPE_INVALID_ARGUMENT",
    "ERROR_TYPE_INVALID_PUBLIC_KEY",
    "ERROR_TYPE_INVALID_TOKEN",
    "ERROR_TYPE_SERVER_ERROR",
    "AuthException",
    "AvowError",
    "RateLimitException",
]
