"""The Django app of sign-in at an OpenID provider: its label, and the checks it brings."""

from django.apps import AppConfig

__all__ = ["OidcConfig"]


class OidcConfig(AppConfig):
    """The app `avow.django.oidc`, whose label, and so the names of its tables, is `avow_oidc`."""

    name = "avow.django.oidc"
    label = "avow_oidc"
    verbose_name = "Login at an OpenID provider"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from avow.django.oidc import checks  # here, since Django imports this module before any setting is wanted

        checks.register()
