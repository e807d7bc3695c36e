"""`manage.py avow_migrate`: makes Avow's tables, or brings those of an older release up to date."""

from django.core.management.base import BaseCommand, CommandError

from avow.embed.django.inside import embedded
from avow.server.settings import SettingsRefused
from avow.server.store import StoreRefused

__all__ = ["Command"]

_SENTENCES = {
    "created": "Avow's tables are made. Next: manage.py avow project create NAME",
    "migrated": "Avow's tables are those of this release now.",
    "current": "Avow's tables are those of this release already.",
}


class Command(BaseCommand):
    """Beside Django's own `migrate`, which knows nothing of Avow's tables."""

    help = "Make the tables of the Avow in this project, or bring those of an older release up to date."
    requires_system_checks = ()  # which ask for a project: there is none before there are tables

    def handle(self, *args: object, **options: object) -> None:
        """Migrate.

        Raises:
            CommandError: The settings are wrong, or the database is damaged, foreign or of a newer release.
        """
        try:
            outcome = embedded().migrate()
        except (SettingsRefused, StoreRefused) as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(_SENTENCES[outcome])
