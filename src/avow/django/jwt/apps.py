"""The Django app of the JWT layer: its label, and the checks it brings."""

from django.apps import AppConfig

__all__ = ["JwtConfig"]


class JwtConfig(AppConfig):
    """The app `avow.django.jwt`, whose label, and so the names of its tables, is `avow_jwt`."""

    name = "avow.django.jwt"
    label = "avow_jwt"
    verbose_name = "JSON Web Tokens"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from avow.django.jwt import checks  # here, since Django imports this module before any setting is wanted

        checks.register()
