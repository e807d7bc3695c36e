"""Tables of the JWT layer: ended tokens, and in strict mode the chain of refresh tokens of each sign-in."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.conf import settings as project
from django.db import models
from django.utils import timezone

__all__ = ["JWTBlacklist", "RefreshFamily", "moment_of"]


def moment_of(seconds: int) -> datetime:
    """Return an instant as the project's database takes it: aware with USE_TZ, else in the project's time zone."""
    aware = datetime.fromtimestamp(seconds, tz=UTC)
    return aware if project.USE_TZ else timezone.make_naive(aware, timezone.get_default_timezone())


class JWTBlacklist(models.Model):
    """One ended token, kept until it would have expired.

    Attributes:
        jti: Its name; in strict mode also that of a family (claim `sid`), which ends every token of one sign-in.
        token: The token as it came, or null: strict mode keeps none.
        expires: When the row is of no more use; null for a token that never expires.
        created_at: When it was ended.
    """

    jti: "models.CharField[str, str]" = models.CharField(max_length=255, unique=True)
    token: "models.TextField[str | None, str | None]" = models.TextField(
        null=True
    )  # no index: nobody searches by it, and PostgreSQL refuses long ones
    expires: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(db_index=True, null=True)
    created_at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Says how people call it."""

        verbose_name = "ended token"

    def __str__(self) -> str:
        return f"{self.jti}, ended {self.created_at}, until {self.expires}"

    @staticmethod
    def is_blacklisted(jti: str) -> bool:
        """Tell whether a token of this name was ended."""
        return JWTBlacklist.objects.filter(jti=jti).exists()

    @staticmethod
    def has_any(names: Iterable[str]) -> bool:
        """Tell whether a token of one of these names was ended: one query."""
        return JWTBlacklist.objects.filter(jti__in=list(names)).exists()


class RefreshFamily(models.Model):
    """The refresh tokens of one sign-in, of which the newest counts; no token is kept.

    Attributes:
        sid: Its name, the claim `sid` of its tokens.
        user_pk: Primary key of the user, as text.
        password_state: What Django derives from the password; another password ends the family.
        generation: Number of the newest refresh token.
        rotated_at: When that one was made, in seconds since the epoch.
        expires_at: When that one ends, in seconds since the epoch.
        revoked_at: When the family ended, in seconds since the epoch, or null.
    """

    sid: "models.CharField[str, str]" = models.CharField(max_length=255, primary_key=True)
    user_pk: "models.CharField[str, str]" = models.CharField(max_length=255, db_index=True)
    password_state: "models.CharField[str, str]" = models.CharField(max_length=128)
    generation: "models.PositiveIntegerField[int, int]" = models.PositiveIntegerField(default=0)
    rotated_at: "models.BigIntegerField[int, int]" = models.BigIntegerField()
    expires_at: "models.BigIntegerField[int, int]" = models.BigIntegerField(db_index=True)
    revoked_at: "models.BigIntegerField[int | None, int | None]" = models.BigIntegerField(null=True)

    class Meta:
        """Says how people call it."""

        verbose_name = "family of refresh tokens"
        verbose_name_plural = "families of refresh tokens"

    def __str__(self) -> str:
        return f"{self.sid}, generation {self.generation}"
