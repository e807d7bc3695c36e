"""The backend: stands beside others, and has no passwords."""

from django.contrib.auth.backends import ModelBackend
from django.db.models import Model
from django.http import HttpRequest

from avow.django import clients, settings, stores, users
from avow.django.arrivals import arrive
from avow.django.models import AvowUser
from avow.django.shapes import Anything, User
from avow.sdk.integration.arrivals import Held, Renewed
from avow.sdk.integration.session import AvowSession, Tokens

__all__ = ["AvowBackend", "DescopeAuthentication", "add_tokens_to_request"]


def add_tokens_to_request(session: Anything, session_token: str, refresh_token: str) -> None:
    """Put tokens into Django's session and save it, for tests and login views of a project with that token store."""
    session[stores.SESSION_KEY], session[stores.REFRESH_KEY] = session_token, refresh_token
    session.save()


class AvowBackend(ModelBackend):
    """Users who sign in by Avow; their groups and permissions count as every user's do."""

    def authenticate(  # type: ignore[override]  # there is no password: Django passes us by when one is given
        self, request: HttpRequest | None, session_token: str = "", refresh_token: str = ""
    ) -> AvowUser | None:
        """Return the user of a pair of tokens, or of those that came with the request.

        Args:
            request: May be None when tokens are given.
            session_token: A session token.
            refresh_token: A refresh token, which is used when the session token does not hold.
        """
        tokens = Tokens(session_token, refresh_token)
        if not tokens and request is not None:
            tokens = stores.read(request)
        arrival = arrive(tokens, clients.client()) if tokens else None
        if not isinstance(arrival, Held | Renewed):
            return None
        row: AvowUser = self._row(request, arrival)
        return row if self.user_can_authenticate(row) else None

    def get_user(self, user_id: object) -> AvowUser | None:
        """Return the user of a primary key, None when there is none or they are not active."""
        row = AvowUser._default_manager.filter(pk=user_id).first()
        return row if row is not None and self.user_can_authenticate(row) else None

    def get_all_permissions(self, user_obj: User, obj: Model | None = None) -> set[str]:
        """Return the permissions of the row and its groups, and those that the session token names."""
        return {*super().get_all_permissions(user_obj, obj), *_named(user_obj, obj)}

    async def aget_all_permissions(self, user_obj: User, obj: Model | None = None) -> set[str]:
        """Do the same in an asynchronous view."""
        return {*await super().aget_all_permissions(user_obj, obj), *_named(user_obj, obj)}

    def _row(self, request: HttpRequest | None, arrival: Held | Renewed) -> User:
        if isinstance(arrival, Held):
            return users.load(arrival.session)
        if request is not None:
            stores.keep(request, arrival.session.tokens)
            stores.save(request)
        return users.arrive(arrival.session, users.remember_me(arrival.session, arrival.user))


class DescopeAuthentication(AvowBackend):
    """The same under the older plugin's name."""


def _named(user: User, obj: object) -> set[str]:
    """Return the permissions of a session token as Django's; none for a single object, of which no token speaks."""
    mapping, claims = settings.load().permissions, getattr(user, "session_token", None)
    if not mapping or not claims or obj is not None or not user.is_active:
        return set()
    names = AvowSession(claims).permissions
    if mapping is True:
        return {name for name in names if name.count(".") == 1}
    return {mapping[name] for name in names if name in mapping}
