"""What follows for a request from who sends it: `request.avow`, `request.user`, and sign-ins that Django knows of."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.db import Error as DatabaseFailure
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils.functional import SimpleLazyObject, empty

from avow.django import clients, settings, stores, users
from avow.django.shapes import User
from avow.errors import AvowError
from avow.sdk.integration.arrivals import Arrival, Ended, Held, Renewed, Unknown
from avow.sdk.integration.cookies import TooLargeForCookies
from avow.sdk.integration.session import AvowSession
from avow.sdk.integration.unread import is_of_another_project

__all__ = [
    "BACKEND",
    "after_login",
    "after_logout",
    "begin",
    "is_unknown",
    "mark",
    "mark_unknown",
    "session_of",
    "sign_in",
]

logger = logging.getLogger("avow.django")

BACKEND: Final = "avow.django.authentication.AvowBackend"
_BACKENDS: Final = (BACKEND, "avow.django.authentication.DescopeAuthentication")
_SUBJECT: Final = "_avow_subject"
_UNKNOWN: Final = "_avow_is_unknown"


def session_of(request: HttpRequest) -> AvowSession | None:
    """Return the session of whoever sent a request; None for strangers and for users of other backends."""
    return getattr(request, "avow", None)


def mark(request: HttpRequest, session: AvowSession | None) -> None:
    """Set `request.avow`."""
    request.avow = session  # type: ignore[attr-defined]  # ours, as `user` is Django's


def mark_unknown(request: HttpRequest) -> None:
    """Note that nobody can tell who sent a request, while the server is away."""
    setattr(request, _UNKNOWN, True)


def is_unknown(request: HttpRequest) -> bool:
    """Tell whether nobody could say who sent a request: its sender may be signed in, and is no stranger."""
    return getattr(request, _UNKNOWN, False)


def begin(request: HttpRequest, arrival: Arrival | None) -> None:
    """Give a request `avow` and `user`, before any view sees it; None when no tokens came with it."""
    match arrival:
        case Held(session):
            _set(request, session)
            if not settings.load().uses_cookies:
                _log_in_if_new(request, session)
        case Renewed(session, me):
            _renew(request, session, me)
        case Ended() if is_of_another_project(stores.read(request), settings.load().project_id):
            _set_nobody(request)
        case Ended(reason):
            logger.info("A session has ended: %s", reason)
            _end(request)
        case Unknown(reason):
            logger.warning("Nobody is signed in while the server is away: %s", reason)
            mark_unknown(request)
            _set_nobody(request)
        case None:
            _set_nobody(request)


def sign_in(request: HttpRequest, session: AvowSession, me: Mapping[str, Any]) -> None:
    """Sign somebody in from this request on: their row is made or saved, and Django's session changes its key.

    Raises:
        AccountConflict: There is no account for them here.
        TooLargeForCookies: Their tokens cannot be kept.
    """
    row = users.arrive(session, users.remember_me(session, me))
    if not row.is_active:
        raise users.AccountConflict("The account is not active.")
    stores.check(session.tokens)
    stores.keep(request, session.tokens)
    row.backend = BACKEND
    if settings.load().uses_cookies:
        _leave_other_session(request)
        rotate_token(request)
        _set(request, session, row)
        user_logged_in.send(sender=type(row), request=request, user=row)
    else:
        _log_in(request, session, row)


def after_login(request: HttpRequest | None, user: User, **_: object) -> None:
    """Forget Avow's tokens when somebody signs in by another backend."""
    is_other = getattr(user, "backend", BACKEND) not in _BACKENDS
    if request is not None and is_other and session_of(request) is not None:
        mark(request, None)
        stores.forget(request)


def after_logout(request: HttpRequest | None, **_: object) -> None:
    """End the session on the server as well, and forget its tokens."""
    session = None if request is None else session_of(request)
    if request is None or session is None:
        return
    mark(request, None)
    stores.forget(request)
    users.forget_me(session)
    try:
        clients.client().logout(session.tokens.refresh)
    except AvowError as error:  # the tokens are gone from the browser all the same
        logger.warning("The session was not ended on the server: %s", error)


# --- Each way on ------------------------------------------------------------------------------------------------


def _renew(request: HttpRequest, session: AvowSession, me: Mapping[str, Any]) -> None:
    # First, as whatever fails from here on ends in an error page: a rotated token that is lost ends the session.
    _keep(request, session)
    stores.save(request)
    users.remember_me(session, me)
    _set(request, session, _arrived(session, me))
    if not settings.load().uses_cookies:
        _log_in_if_new(request, session)


def _arrived(session: AvowSession, me: Mapping[str, Any]) -> User:
    """Return the row of a refreshed session, brought up to date; None, to be read later, while the database is away."""
    try:
        row = users.arrive(session, me)
    except users.AccountConflict as error:
        logger.warning("%s", error)
        return AnonymousUser()
    except DatabaseFailure:
        logger.exception("The row of somebody whose session was refreshed is not brought up to date.")
        return None
    return row if row.is_active else AnonymousUser()


def _keep(request: HttpRequest, session: AvowSession) -> None:
    try:
        stores.check(session.tokens)
    except TooLargeForCookies as error:  # a session that grew: it is refreshed with each request, and works
        logger.error("%s", error)
    stores.keep(request, session.tokens)


def _end(request: HttpRequest) -> None:
    mark(request, None)
    if _is_logged_in_by_us(request):
        auth.logout(request)  # what the session holds was theirs
    else:
        stores.forget(request)  # a visitor's session stays as it is
    _set_nobody(request)


def _set(request: HttpRequest, session: AvowSession, row: User = None) -> None:
    given: Any = request
    given.avow = session
    given.user = user = _LazyRow(session) if row is None else row
    given.auser = partial(_loaded, user)


def _set_nobody(request: HttpRequest) -> None:
    """Let other backends say who it is; a user of ours without tokens is nobody."""
    given: Any = request
    given.avow = None
    given.user = user = SimpleLazyObject(partial(_other_user, request, getattr(request, "user", None)))
    given.auser = partial(_loaded, user)


async def _loaded(user: User) -> User:
    if isinstance(user, SimpleLazyObject):
        await sync_to_async(bool)(user)
    return user


class _LazyRow(SimpleLazyObject):  # type: ignore[type-arg]  # generic in the stubs alone
    """The row of a session, read when it is looked at.

    Django's own way to make such an object takes six calls; every signed-in request makes one, and few look at it.
    """

    _wrapped: Any = empty

    def __init__(self, session: AvowSession) -> None:
        object.__setattr__(self, "_setupfunc", partial(_row, session))


def _row(session: AvowSession) -> User:
    row = users.load_or_nobody(session)
    row.backend = BACKEND
    return row


def _other_user(request: HttpRequest, earlier: User) -> User:
    if earlier is None or (hasattr(request, "session") and _is_logged_in_by_us(request, in_any_store=True)):
        return AnonymousUser()
    return earlier


# --- Django's own session ---------------------------------------------------------------------------------------


def _log_in_if_new(request: HttpRequest, session: AvowSession) -> None:
    """Have Django know of a session whose tokens were put into its own; on every later request it does already."""
    held = request.session
    if _is_logged_in_by_us(request) and held.get(_SUBJECT) == session.claims.get("sub"):
        return
    row: User = request.user
    if row.is_authenticated:
        _log_in(request, session, row)
        stores.save(request)  # now, as its key is another one


def _log_in(request: HttpRequest, session: AvowSession, row: User) -> None:
    auth.login(request, row, backend=BACKEND)
    request.session[_SUBJECT] = session.claims.get("sub")
    stores.keep(request, session.tokens)  # again: Django empties the session of somebody else
    _set(request, session, row)


def _leave_other_session(request: HttpRequest) -> None:
    """Change the key of the visitor's session; that of another user is emptied."""
    held: Any = getattr(request, "session", None)
    if held is None or held.session_key is None:
        return
    if auth.SESSION_KEY in held:
        held.flush()
    else:
        held.cycle_key()


def _is_logged_in_by_us(request: HttpRequest, *, in_any_store: bool = False) -> bool:
    if settings.load().uses_cookies and not in_any_store:
        return False
    held: Any = getattr(request, "session", None)
    return held is not None and held.get(auth.BACKEND_SESSION_KEY) in _BACKENDS
