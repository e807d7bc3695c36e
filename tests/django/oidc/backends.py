"""A backend of a project that wants more of its accounts."""

from typing import Any

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
