"""Avow's users as Django's: a proxy of the project's user model, whatever that is."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from django.db import models

from avow import SESSION_TOKEN_NAME
from avow.django import users
from avow.sdk.integration.session import AvowSession, Tokens

__all__ = ["AvowUser", "DescopeUser"]


class AvowUser(get_user_model()):  # type: ignore[misc]  # which class it is, the project says
    """A user who came by Avow; the row is the project's own.

    Attributes:
        session_token: The claims of the session token; None for a row that came by no session.
        refresh_token: The refresh token of the session; "" likewise.
    """

    session_token: dict[str, Any] | None = None
    refresh_token: str = ""

    # A manager of its own: that of the project's model may ask for a migration, and this one never does.
    objects: ClassVar[models.Manager["AvowUser"]] = models.Manager()

    class Meta:  # pyright: ignore[reportIncompatibleVariableOverride]  # each model has one of its own
        """No table of its own."""

        proxy = True
        verbose_name = "user by Avow"
        verbose_name_plural = "users by Avow"

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.get_username()}"

    @property
    def avow(self) -> AvowSession | None:
        """Return the session that the row came by."""
        if self.session_token is None:
            return None
        return AvowSession(self.session_token, Tokens(str(self.session_token.get("jwt", "")), self.refresh_token))

    @property
    def me(self) -> Mapping[str, Any]:
        """Return what the server says of the user, kept in Django's cache for a while.

        Raises:
            AvowError: The server refuses the refresh token or is away.
        """
        return {} if self.avow is None else users.me_of(self.avow)

    def sync(self, session: Mapping[str, Any], refresh: str) -> None:
        """Take over what a session says, and save what is new of it.

        Args:
            session: What a sign-in, a refresh or a validation answered.
            refresh: The refresh token.

        Raises:
            AvowError: The server refuses the refresh token or is away.
        """
        claims = session.get(SESSION_TOKEN_NAME, session)
        arrived = AvowSession(claims, Tokens(str(claims.get("jwt", "")), refresh))
        users.bring_up_to_date(self, arrived, users.me_of(arrived))


DescopeUser = AvowUser
