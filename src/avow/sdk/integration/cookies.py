"""The cookies that keep a session in a browser, as plain values. No I/O in it."""

from dataclasses import dataclass, field
from typing import Final, Literal

from avow.sdk.integration.session import Tokens
from avow.sdk.integration.settings import Settings
from avow.sdk.integration.unread import claims_of

__all__ = ["Cookie", "TooLargeForCookies", "cookies_of"]

_LARGEST_BYTES: Final = 4000  # browsers drop one of more than 4096, name and attributes included


class TooLargeForCookies(ValueError):
    """A token has so many claims that no browser would keep its cookie."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie, which no script can read.

    Attributes:
        name: Its name.
        value: The token; "" to remove it.
        max_age_seconds: For how long; 0 to remove it, None until the browser ends.
        path: Where it is sent.
        domain: To which hosts; this one only when None.
        is_secure: Over https only.
        samesite: Whether other sites' pages cause it to be sent.
    """

    name: str
    value: str = field(repr=False)
    max_age_seconds: int | None
    path: str
    domain: str | None
    is_secure: bool
    samesite: Literal["lax", "strict", "none"]


def cookies_of(said: Settings, tokens: Tokens, now: int) -> list[Cookie]:
    """Return the cookies that keep tokens; those that remove a token where there is none.

    Raises:
        TooLargeForCookies: They would not arrive.
    """
    largest = max(len(tokens.session), len(tokens.refresh))
    if largest > _LARGEST_BYTES:
        raise TooLargeForCookies(f"A token of {largest} bytes is no cookie: put less into its claims.")
    named = ((said.session_cookie_name, tokens.session), (said.refresh_cookie_name, tokens.refresh))
    return [_cookie(said, name, token, now) for name, token in named]


def _cookie(said: Settings, name: str, token: str, now: int) -> Cookie:
    samesite: Literal["lax", "strict", "none"] = "lax"
    if said.cookie_samesite != "Lax":
        samesite = "strict" if said.cookie_samesite == "Strict" else "none"
    ends_at = claims_of(token).get("exp")
    age = max(0, int(ends_at) - now) if isinstance(ends_at, int | float) else None
    return Cookie(name, token, age if token else 0, said.cookie_path, said.cookie_domain, said.cookie_secure, samesite)
