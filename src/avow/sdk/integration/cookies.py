"""The cookies that keep a session in a browser, as plain values. No I/O in it."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from avow.sdk.integration.session import Tokens
from avow.sdk.integration.unread import claims_of

__all__ = ["HOST_PREFIX", "Cookie", "CookieSettings", "TooLargeForCookies", "cookies_of", "must_fit", "name_for_host"]

HOST_PREFIX: Final = "__Host-"

_LARGEST_BYTES: Final = 4000  # browsers drop one of more than 4096, name and attributes included


class TooLargeForCookies(ValueError):
    """A token has so many claims that no browser would keep its cookie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieSettings:
    """What an application says of its cookies; its other settings stand beside these.

    Attributes:
        session_cookie_name: Cookie of the session token; with the prefix `__Host-` where browsers take it.
        refresh_cookie_name: Cookie of the refresh token.
        cookie_domain: Domain of both; none when None.
        cookie_path: Path of both.
        cookie_secure: They travel over https only (browsers count localhost as such).
        cookie_samesite: "Lax", "Strict" or "None".
    """

    session_cookie_name: str = "avow-session-token"  # with "token" in it: reports of errors hide such names
    refresh_cookie_name: str = "avow-refresh-token"
    cookie_domain: str | None = None
    cookie_path: str = "/"
    cookie_secure: bool = True
    cookie_samesite: Literal["Lax", "Strict", "None"] = "Lax"


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


def name_for_host(said: dict[str, Any]) -> None:
    """Give cookies that nobody named the names that no neighbouring host can set or read, where browsers take them.

    Spec: S-WEB-01. Cookies, section 4.1.3 (`__Host-`).
    """
    if said.get("cookie_secure", True) and not said.get("cookie_domain") and said.get("cookie_path", "/") == "/":
        said.setdefault("session_cookie_name", f"{HOST_PREFIX}avow-session-token")
        said.setdefault("refresh_cookie_name", f"{HOST_PREFIX}avow-refresh-token")


def must_fit(tokens: Tokens) -> None:
    """Make sure that browsers would keep tokens.

    Raises:
        TooLargeForCookies: They would drop one.
    """
    largest = max(len(tokens.session), len(tokens.refresh))
    if largest > _LARGEST_BYTES:
        raise TooLargeForCookies(f"A token of {largest} bytes is no cookie: put less into its claims.")


def cookies_of(said: CookieSettings, tokens: Tokens, now: int) -> list[Cookie]:
    """Return the cookies that keep tokens; those that remove a token where there is none.

    A session token that is too large is removed, and its session refreshed with each request. The refresh token always
    leaves: it has been rotated, and whoever came with the earlier one again would end the session.
    """
    session = tokens.session if len(tokens.session) <= _LARGEST_BYTES else ""
    named = ((said.session_cookie_name, session), (said.refresh_cookie_name, tokens.refresh))
    return [_cookie(said, name, token, now) for name, token in named]


def _cookie(said: CookieSettings, name: str, token: str, now: int) -> Cookie:
    samesite: Literal["lax", "strict", "none"] = "lax"
    if said.cookie_samesite != "Lax":
        samesite = "strict" if said.cookie_samesite == "Strict" else "none"
    ends_at = claims_of(token).get("exp")
    age = max(0, int(ends_at) - now) if isinstance(ends_at, int | float) else None
    return Cookie(name, token, age if token else 0, said.cookie_path, said.cookie_domain, said.cookie_secure, samesite)
