"""The backend: stands beside others, and has no passwords."""

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from avow.django.oidc import people
from avow.django.oidc.people import Person
from avow.django.shapes import User

__all__ = ["OidcBackend"]


class OidcBackend(ModelBackend):
    """Users who sign in at an OpenID provider; a project that wants more of them overrides `account_of`."""

    def authenticate(  # type: ignore[override]  # there is no password: Django passes us by when one is given
        self, request: HttpRequest | None, person: Person | None = None
    ) -> User | None:
        """Return the account of somebody whom the callback has verified.

        Args:
            request: Of the callback.
            person: Nothing that comes with a request can be one.

        Raises:
            SignInStopped: They have no account, and may not be given one.
        """
        if not isinstance(person, Person):
            return None
        user = self.account_of(person)
        return user if self.user_can_authenticate(user) else None

    def account_of(self, person: Person) -> User:
        """Return the account of a person, made at their first visit."""
        return people.account_of(person)
