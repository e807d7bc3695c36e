"""Calling an API for whoever is signed in: an HTTP client with their access token, refreshed when it is due."""

import hashlib
import math
import secrets
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings as project
from django.contrib.sessions.backends.base import UpdateError
from django.core.cache import cache
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from avow.clock import system_clock
from avow.django.oidc import settings
from avow.django.oidc.problems import PROVIDER_AWAY, SignInStopped
from avow.django.oidc.provider import provider
from avow.django.shapes import Anything

__all__ = ["SignInNeeded", "api_session"]

_LEEWAY_SECONDS: Final = 60  # a token that ends while a call is on its way is refreshed before it
_LOCK_SECONDS: Final = 15
_POLL_SECONDS: Final = 0.05


class SignInNeeded(Exception):
    """There is no access token, or it ended and cannot be refreshed: send the person to the page `login`."""


_Session: Any = OAuth2Session  # Authlib ships no types


class _ApiSession(_Session):  # type: ignore[misc]  # as above
    """Sends the token with each request, and waits for no answer for ever."""

    def request(self, method: str, url: str, **more: Anything) -> Anything:
        """Send one request."""
        more.setdefault("timeout", settings.load().timeout_seconds)
        return super().request(method, url, **more)


@sensitive_variables()
def api_session(request: HttpRequest) -> Anything:
    """Return an HTTP client, a `requests.Session`, that sends the access token of whoever is signed in.

    Args:
        request: Its session holds the tokens; where they are refreshed, it is saved at once.

    Raises:
        SignInNeeded: Nobody is signed in at the provider, no token is kept, or it cannot be refreshed.
        SignInStopped: The provider cannot be reached.
    """
    held = _held(request.session)
    # Where no other can follow, a token counts until its end: one of a minute or less would be over at once.
    if _is_over(held, leeway_seconds=_LEEWAY_SECONDS if held.get("refresh_token") else 0):
        held = _refreshed(request, held)
    token = {"access_token": held["access_token"], "token_type": held.get("token_type") or "Bearer"}
    return _ApiSession(token=token)


@sensitive_variables()
def _refreshed(request: HttpRequest, held: Mapping[str, Any]) -> dict[str, Any]:
    """Refresh the tokens of a session once, however many requests of it want that at the same time.

    Providers end the whole chain of tokens when a refresh token comes twice. So one request refreshes, and the others
    read what it saved.
    """
    if not held.get("refresh_token"):
        raise SignInNeeded("The access token has ended, and there is no refresh token: does the scope ask for one?")
    lock = "avow_oidc_refresh:" + hashlib.sha256(str(held["refresh_token"]).encode()).hexdigest()
    ours, patience = secrets.token_urlsafe(16), settings.load().timeout_seconds
    # Longer than whoever has it can take: two calls (the description, the tokens), each to connect and to answer.
    seconds = math.ceil(4 * patience) + _LOCK_SECONDS
    until = time.monotonic() + 2 * patience
    while not cache.add(lock, ours, seconds):
        if time.monotonic() > until:
            raise SignInStopped(PROVIDER_AWAY, "another request waits for new tokens, for too long")
        time.sleep(_POLL_SECONDS)
        if newer := _saved(request, held):
            return newer
    try:
        return _saved(request, held) or _exchange(request, held)
    finally:
        if cache.get(lock) == ours:
            cache.delete(lock)


@sensitive_variables()
def _exchange(request: HttpRequest, held: Mapping[str, Any]) -> dict[str, Any]:
    answer = provider().refresh(str(held["refresh_token"]))
    key = settings.load().session_key
    if answer is None:
        request.session[key] = {"userinfo": held["userinfo"]}
        _save(request.session)
        raise SignInNeeded("The provider refuses the refresh token.")
    newer = {**held, **answer, "id_token": held.get("id_token", "")}
    if "expires_at" not in answer:  # it says nothing of the end: the new token lives as long as the one before did
        lifetime = str(held.get("expires_in", ""))
        newer["expires_at"] = system_clock() + int(lifetime) if lifetime.isdecimal() else None
    request.session[key] = newer
    _save(request.session)  # now: an error page would lose the new refresh token, and the old one is worth nothing
    return newer


def _save(session: Anything) -> None:
    try:
        session.save()
    except UpdateError as error:
        session.modified = False  # Django would try again after the view, and answer 400
        raise SignInNeeded("The session ended in the meantime: somebody logged out in another tab.") from error


@sensitive_variables()
def _saved(request: HttpRequest, held: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return newer tokens that another request has saved, and take them over; None when there are none."""
    key = settings.load().session_key
    engine: Any = import_module(project.SESSION_ENGINE)
    found = engine.SessionStore(request.session.session_key).get(key)
    if not isinstance(found, dict) or found.get("access_token") in (None, held["access_token"]):
        return None
    if _is_over(found, leeway_seconds=0):
        return None
    request.session[key] = found
    return found


def _held(session: Anything) -> dict[str, Any]:
    found = session.get(settings.load().session_key)
    if not isinstance(found, dict) or not isinstance(found.get("access_token"), str):
        raise SignInNeeded("There is no access token in the session: is `keep_tokens` set, and who is signed in?")
    return found


def _is_over(held: Mapping[str, Any], *, leeway_seconds: int) -> bool:
    ends_at = held.get("expires_at")
    return isinstance(ends_at, int | float) and ends_at - leeway_seconds <= system_clock()
