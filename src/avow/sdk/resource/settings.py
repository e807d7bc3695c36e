"""What an API says of itself and of the issuer of its tokens, checked once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict
from urllib.parse import SplitResult, urlsplit

from avow.sdk.integration.settings import InvalidSettings

__all__ = ["Arguments", "Resource", "is_address"]

_MAX_LEEWAY_SECONDS: Final = 300
_METADATA: Final = "/.well-known/oauth-protected-resource"
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Arguments(TypedDict, total=False):
    """What can be said beside the issuer and the audience; `Resource` explains it."""

    keys_url: str
    public_url: str
    name: str
    publishes_metadata: bool
    requires_dpop: bool
    allows_plain_jwt: bool
    is_machine: Callable[[Mapping[str, Any]], bool]
    leeway_seconds: int
    timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """An API that takes the access tokens of one issuer.

    Attributes:
        issuer: As it calls itself, character by character.
        audience: What the API is called there; every token has to name it.
        keys_url: Where the issuer's keys are; where its own description says when empty.
        public_url: Scheme and host at which clients reach the API, when a proxy before it changes them; proofs of
            possession name the address.
        name: For people, in its metadata.
        publishes_metadata: Refusals say where its metadata is; that is then to be served at `metadata_path`.
        requires_dpop: Tokens without a proof of possession are refused. Bound ones need theirs in any case.
        allows_plain_jwt: Take tokens whose header does not call them access tokens. Weaker: nothing but the audience
            then keeps the issuer's other tokens out.
        is_machine: Tells from the claims of a token that an application got it for itself, where the issuer marks that
            in a way of its own; no standard says how.
        leeway_seconds: How far clocks may differ, at most 300.
        timeout_seconds: How long the issuer may take to answer.
    """

    issuer: str
    audience: str
    keys_url: str = ""
    public_url: str = ""
    name: str = ""
    publishes_metadata: bool = False
    requires_dpop: bool = False
    allows_plain_jwt: bool = False
    is_machine: Callable[[Mapping[str, Any]], bool] | None = None
    leeway_seconds: int = 5
    timeout_seconds: float = 5.0

    def __post_init__(self) -> None:
        """Refuse what could not work, or would let in whom nobody meant.

        Raises:
            InvalidSettings: The text says what to set.
        """
        rules = {
            "issuer must look like https://id.example.com: https (http on this machine only), and no query.": (
                is_address(self.issuer) and _is_plain(self.issuer)
            ),
            "audience is what the issuer calls this API, such as https://api.example.com.": bool(self.audience.strip())
            and self.audience.isprintable(),
            "keys_url must be an https address.": not self.keys_url or is_address(self.keys_url),
            "public_url must look like https://api.example.com, without a path.": not self.public_url
            or (is_address(self.public_url) and not urlsplit(self.public_url.rstrip("/")).path),
            # Clients write the address of a whole host with its slash, and ask for that.
            "Metadata can be published of an audience that is the address of the API: with a path, if only /, and no"
            " query.": not self.publishes_metadata
            or (is_address(self.audience) and _is_plain(self.audience) and bool(urlsplit(self.audience).path)),
            f"leeway_seconds is from 0 to {_MAX_LEEWAY_SECONDS}.": 0 <= self.leeway_seconds <= _MAX_LEEWAY_SECONDS,
            "timeout_seconds must be above 0.": self.timeout_seconds > 0,
        }
        if wrong := [sentence for sentence, holds in rules.items() if not holds]:
            raise InvalidSettings(" ".join(wrong))

    @property
    def described_at(self) -> str:
        """Return where the issuer describes itself. Spec: OpenID Connect Discovery 1.0 section 4."""
        return f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"

    @property
    def metadata_path(self) -> str:
        """Return the path of the API's own metadata. Spec: RFC 9728 section 3.1."""
        path = urlsplit(self.audience).path
        return _METADATA + (path if path != "/" else "")

    @property
    def metadata_url(self) -> str:
        """Return the address of the API's own metadata, "" when it publishes none."""
        parts = urlsplit(self.audience)
        return f"{parts.scheme}://{parts.netloc}{self.metadata_path}" if self.publishes_metadata else ""


def is_address(url: str) -> bool:
    """Tell whether keys may be fetched from an address: over https, or from this machine."""
    parts = _split(url)
    if parts is None or not parts.hostname or parts.username or not url.isprintable() or " " in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)


def _is_plain(url: str) -> bool:
    return "?" not in url and "#" not in url


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.port is None or parts.port else None
    except ValueError:
        return None
