"""`manage.py avow_sync`: brings the rows up to date with the server, for people who have not been here for a while."""

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from avow.django import clients, settings, users
from avow.django.models import AvowUser
from avow.django.shapes import Anything, User
from avow.errors import AvowError, UserMissing
from avow.sdk.integration.session import AvowSession

__all__ = ["Command"]


class Command(BaseCommand):
    """Rows follow at each sign-in and refresh; this is for everybody else, once a day or so."""

    help = "Take over addresses and roles of Avow's users; with --deactivate, lock the rows of those who are gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the switches."""
        parser.add_argument("--deactivate", action="store_true", help="lock accounts whose user is gone or disabled")

    def handle(self, *args: object, **options: Anything) -> None:
        """Go through the rows.

        Raises:
            CommandError: There is no management key, the server is away, or rows are not named by the user's id.
        """
        said = settings.load()
        if said.username_claim != "sub":
            raise CommandError("Rows are found by another claim than the user's id, which management does not know.")
        counts = {"followed": 0, "gone": 0}
        for row, user in self._pairs():
            if user is None or user.get("status") == "disabled":
                counts["gone"] += 1
                self._deactivate(row, is_wanted=options["deactivate"])
            else:
                claims = {"sub": user["userId"], "roles": user.get("roleNames") or []}
                users.bring_up_to_date(row, AvowSession(claims), user)
                counts["followed"] += 1
        verb = "locked" if options["deactivate"] else "left as they are"
        self.stdout.write(f"{counts['followed']} users followed, {counts['gone']} gone or disabled ({verb}).")

    def _pairs(self) -> Iterator[tuple[Any, Mapping[str, Any] | None]]:
        field = users.user_field()
        for row in AvowUser._default_manager.filter(password__startswith=users.MARK).iterator():
            try:
                yield row, clients.client().mgmt.user.load_by_user_id(getattr(row, field))["user"]
            except UserMissing:
                yield row, None
            except AvowError as error:
                raise CommandError(error.error_message) from error

    def _deactivate(self, row: User, *, is_wanted: bool) -> None:
        if is_wanted and row.is_active:
            row.is_active = False
            row.save(update_fields=["is_active"])
