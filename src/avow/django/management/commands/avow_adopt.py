"""`manage.py avow_adopt NAME...`: hands accounts of this project over to the users of Avow with the same name."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from avow.django import users
from avow.django.models import AvowUser
from avow.django.shapes import Anything

__all__ = ["Command"]


class Command(BaseCommand):
    """Without it, nobody who signs in by Avow ever gets an account that was made otherwise."""

    help = "Hand accounts over to Avow's users of the same name; their passwords here are erased."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the names."""
        parser.add_argument("names", nargs="+", help="values of the field that AVOW_USER_FIELD names")

    def handle(self, *args: object, **options: Anything) -> None:
        """Mark the rows.

        Raises:
            CommandError: An account does not exist; then none is handed over.
        """
        field, names = users.user_field(), set(options["names"])
        rows = list(AvowUser._default_manager.filter(**{f"{field}__in": names}))
        if missing := names - {getattr(row, field) for row in rows}:
            raise CommandError(f"There is no account {', '.join(sorted(missing))}: nothing was changed.")
        for row in rows:
            row.password = users.marked_password()
            row.save(update_fields=["password"])
        self.stdout.write(f"Handed over {len(rows)} accounts.")
