"""Where tokens are kept between two requests: in cookies, or in Django's session under the keys `DS` and `DSR`."""

import logging
from typing import Any, Final

from django.conf import settings as project
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from avow.clock import Clock, system_clock
from avow.django import settings
from avow.sdk.integration.cookies import TooLargeForCookies, cookies_of, must_fit
from avow.sdk.integration.session import Tokens

__all__ = ["REFRESH_KEY", "SESSION_KEY", "apply", "check", "forget", "is_due", "keep", "read", "save"]

logger = logging.getLogger("avow.django")

SESSION_KEY: Final = "DS"
REFRESH_KEY: Final = "DSR"
_PENDING: Final = "_avow_tokens"
_SAVED: Final = "_avow_session_key"


def read(request: HttpRequest) -> Tokens:
    """Return the tokens that came with a request; empty ones when there are none."""
    said = settings.load()
    if said.uses_cookies:
        cookies = request.COOKIES
        return Tokens(cookies.get(said.session_cookie_name, ""), cookies.get(said.refresh_cookie_name, ""))
    held = getattr(request, "session", None)
    if held is None:
        return Tokens()
    return Tokens(_text(held.get(SESSION_KEY)), _text(held.get(REFRESH_KEY)))


def check(tokens: Tokens) -> None:
    """Make sure that tokens can be kept.

    Raises:
        TooLargeForCookies: They would not arrive.
    """
    if settings.load().uses_cookies:
        try:
            must_fit(tokens)
        except TooLargeForCookies as error:
            raise TooLargeForCookies(f'{error} AVOW_TOKEN_STORE = "session" has no such limit.') from error


def keep(request: HttpRequest, tokens: Tokens) -> None:
    """Keep tokens from this request on; those in cookies leave with its answer, by the middleware."""
    if settings.load().uses_cookies:
        setattr(request, _PENDING, tokens)
        return
    held: Any = request.session
    for key, token in ((SESSION_KEY, tokens.session), (REFRESH_KEY, tokens.refresh)):
        if held.get(key) != token:
            held[key] = token


def save(request: HttpRequest) -> None:
    """Save the tokens that are kept in Django's session now: it saves none with an error page, nor sends its key."""
    if settings.load().uses_cookies:
        return
    held: Any = request.session
    try:
        held.save()
    except Exception:  # each engine has errors of its own; Django tries again after the view
        logger.exception("Django's session could not be saved before the view.")
    else:
        setattr(request, _SAVED, held.session_key)


def is_due(request: HttpRequest) -> bool:
    """Tell whether the answer, whichever it is, has to say what a request is to keep or forget."""
    return hasattr(request, _PENDING) or hasattr(request, _SAVED)


def forget(request: HttpRequest) -> None:
    """Keep no tokens any more."""
    if settings.load().uses_cookies:
        setattr(request, _PENDING, Tokens())
        return
    if hasattr(request, _SAVED):
        delattr(request, _SAVED)
    held: Any = request.session
    for key in (SESSION_KEY, REFRESH_KEY):
        if key in held:
            del held[key]


def apply(request: HttpRequest, response: HttpResponseBase, clock: Clock = system_clock) -> None:
    """Write into the answer what this request is to keep or forget."""
    said = settings.load()
    if not said.uses_cookies:
        _apply_key(request, response)
        return
    # What a page shows may depend on who asks, whether or not somebody does this time.
    try:
        response.headers["Vary"]
    except KeyError:
        response.headers["Vary"] = "Cookie"  # nearly always
    else:
        patch_vary_headers(response, ("Cookie",))
    tokens: Tokens | None = getattr(request, _PENDING, None)
    if tokens is None:
        return
    for one in cookies_of(said, tokens, clock()):
        if one.value or tokens or one.name in request.COOKIES:
            response.set_cookie(
                one.name,
                one.value,
                max_age=one.max_age_seconds,
                path=one.path,
                domain=one.domain,
                secure=one.is_secure,
                httponly=True,
                samesite=said.cookie_samesite,
            )
    patch_cache_control(response, private=True)


def _apply_key(request: HttpRequest, response: HttpResponseBase) -> None:
    """Send the key of the session that was saved before the view with an error page; with others Django does it."""
    key: str | None = getattr(request, _SAVED, None)
    if key is None or response.status_code < 500 or key == request.COOKIES.get(project.SESSION_COOKIE_NAME):
        return
    held: Any = request.session
    response.set_cookie(
        project.SESSION_COOKIE_NAME,
        key,
        max_age=None if held.get_expire_at_browser_close() else held.get_expiry_age(),
        path=project.SESSION_COOKIE_PATH,
        domain=project.SESSION_COOKIE_DOMAIN,
        secure=project.SESSION_COOKIE_SECURE,
        httponly=project.SESSION_COOKIE_HTTPONLY,
        samesite=project.SESSION_COOKIE_SAMESITE,
    )
    patch_cache_control(response, private=True)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
