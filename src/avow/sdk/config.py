"""What a client was told when it was made, checked; and the headers that follow from it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec

from avow import __version__
from avow.core.tokens import KeySet, SigningKey
from avow.errors import ERROR_TYPE_INVALID_PUBLIC_KEY, InvalidPublicKey
from avow.sdk import environment
from avow.sdk.calls.call import Call, refused
from avow.sdk.shown import ADDRESS_HEADER, DEVICE_HEADER, address_of, anonymous_token_of, device_token_of
from avow.sdk.transport import Request
from avow.wire.endpoint import Caller

__all__ = ["Config", "base_url_of", "configure", "fixed_keys"]

RETRY_DELAYS_SECONDS = (0.1, 1.0)
_MAX_LEEWAY_SECONDS = 300
_VISIBLE = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one client; secrets are not in its `repr`.

    Attributes:
        project_id: Issuer of the tokens, first part of every Authorization header.
        management_key: Secret of the management calls, or "".
        auth_management_key: Secret that accompanies sign-in calls, or "".
        timeout_seconds: How long an answer may take.
        leeway_seconds: How far the clocks of server and client may differ.
        retry_delays_seconds: Pauses before each repetition of a call that may be repeated.
    """

    project_id: str
    management_key: str = field(default="", repr=False)
    auth_management_key: str = field(default="", repr=False)
    timeout_seconds: float = 60.0
    leeway_seconds: int = 5
    retry_delays_seconds: tuple[float, ...] = RETRY_DELAYS_SECONDS

    def request(self, call: Call[object]) -> Request:
        """Return the HTTP request of a call.

        Raises:
            InvalidArgument: A management call without a management key.

        Spec: contract "tokens" section 1.
        """
        headers = {
            "accept": "application/json",
            "authorization": f"Bearer {self._bearer(call)}",
            "user-agent": f"avow-python/{__version__}",
            "x-avow-sdk-version": __version__,
            "x-avow-stores-rotated-tokens": "1",
            "x-descope-project-id": self.project_id,
            "x-descope-sdk-name": "python",
        }
        if call.body is not None:
            headers["content-type"] = "application/json"
        if call.caller is not Caller.MANAGEMENT and (device := device_token_of(self)):
            headers[DEVICE_HEADER] = device
        if call.caller is not Caller.MANAGEMENT and (address := address_of(self)):
            headers[ADDRESS_HEADER] = address
        timeout = min(self.timeout_seconds, call.timeout_seconds or self.timeout_seconds)
        return Request(call.verb, call.path, call.query, headers, call.body, timeout)

    def _bearer(self, call: Call[object]) -> str:
        if call.caller is Caller.MANAGEMENT:
            if not self.management_key:
                raise refused("This call needs a management key: pass management_key or set AVOW_MANAGEMENT_KEY.")
            return f"{self.project_id}:{self.management_key}"
        token = call.token or (anonymous_token_of(self) if call.caller is Caller.PROJECT else "")
        return ":".join(part for part in (self.project_id, token, self.auth_management_key) if part)


def configure(
    project_id: str | None,
    *,
    management_key: str | None,
    auth_management_key: str | None,
    timeout_seconds: float,
    leeway_seconds: int,
    retry_delays_seconds: tuple[float, ...],
) -> Config:
    """Return the settings of a client: arguments first, then the environment.

    Raises:
        InvalidArgument: There is no project id, or a value cannot be used.
    """
    project = project_id or environment.project_id()
    if not project:
        raise refused("A project id is needed: pass project_id or set AVOW_PROJECT_ID.")
    if timeout_seconds <= 0:
        raise refused("timeout_seconds must be above 0.")
    if not 0 <= leeway_seconds <= _MAX_LEEWAY_SECONDS:
        raise refused(f"jwt_validation_leeway must be from 0 to {_MAX_LEEWAY_SECONDS} seconds.")
    return Config(
        project_id=_header_part("project_id", project),
        management_key=_header_part("management_key", management_key or environment.management_key()),
        auth_management_key=_header_part(
            "auth_management_key", auth_management_key or environment.auth_management_key()
        ),
        timeout_seconds=timeout_seconds,
        leeway_seconds=leeway_seconds,
        retry_delays_seconds=retry_delays_seconds,
    )


def base_url_of(base_url: str | None) -> str:
    """Return the server's address without a slash at its end, or "" when none is set.

    Raises:
        InvalidArgument: It is not an http or https URL of a host, with an optional path.
    """
    url = (base_url or environment.base_url()).rstrip("/")
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        is_plain = not (parts.query or parts.fragment or parts.username or parts.password)
        is_http = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_plain = is_http = False
    if not (is_plain and is_http and _VISIBLE.fullmatch(url)):
        raise refused("The base URL must look like https://auth.example.com: http or https, a host, perhaps a path.")
    return url


def fixed_keys(public_key: Mapping[str, object] | str | None) -> KeySet | None:
    """Return the key set of a client that is told its key, or None when keys are fetched.

    Args:
        public_key: One JWK, as a mapping or as JSON.

    Raises:
        InvalidPublicKey: It is not a public key that we can use.
    """
    given = public_key or environment.public_key()
    if not given:
        return None
    try:
        text = given if isinstance(given, str) else msgspec.json.encode(dict(given))
    except (TypeError, ValueError) as error:  # a list, or values that JSON does not have
        raise InvalidPublicKey(error_type=ERROR_TYPE_INVALID_PUBLIC_KEY, detail="not a mapping") from error
    return KeySet.of([SigningKey.from_jwk(text)])


def _header_part(name: str, value: str) -> str:
    # A line break would begin another header field, a colon another part of the Authorization value.
    if value and (not _VISIBLE.fullmatch(value) or ":" in value):
        raise refused(f"{name} has characters that it cannot have.")
    return value
