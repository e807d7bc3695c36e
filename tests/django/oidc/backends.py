"""A backend of a project that wants more of its accounts."""

from typing import Any

from django.contrib.auth import get_user_model

from avow.django.oidc.authentication import OidcBackend
from avow.django.oidc.people import Person


class Ours(OidcBackend):
    """Names accounts in its own way."""

    def account_of(self, person: Person) -> Any:
        """Give the account a name of the project."""
        user = super().account_of(person)
        user.last_name = "of ours"
        user.save(update_fields=["last_name"])
        return user


class ByNameAlone(OidcBackend):
    """Finds accounts by their names, and keeps nobody's identity."""

    def account_of(self, person: Person) -> Any:
        """Return the account that is called as the provider calls the person."""
        return get_user_model().objects.get_or_create(username=person.subject)[0]
