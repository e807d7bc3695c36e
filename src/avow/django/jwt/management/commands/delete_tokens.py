"""`manage.py delete_tokens`: drops what is kept about tokens that have expired by themselves."""

from django.core.management.base import BaseCommand

from avow import clock
from avow.django.jwt.models import JWTBlacklist, RefreshFamily, moment_of

__all__ = ["Command"]


class Command(BaseCommand):
    """Run it once a day or so; nothing breaks without it."""

    help = "Delete the ended tokens and families of refresh tokens that have expired."

    def handle(self, *args: object, **options: object) -> None:
        """Delete the rows and say how many."""
        now = clock.system_clock()
        tokens = JWTBlacklist.objects.filter(expires__lte=moment_of(now)).delete()[0]
        families = RefreshFamily.objects.filter(expires_at__lte=now).delete()[0]
        self.stdout.write(f"Deleted {tokens} ended tokens and {families} families of refresh tokens.")
