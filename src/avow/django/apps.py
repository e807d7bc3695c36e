"""The Django app of the plugin: its label, its checks, and what it listens to."""

from django.apps import AppConfig, apps
from django.contrib.auth.signals import user_logged_in, user_logged_out

__all__ = ["AvowConfig"]


class AvowConfig(AppConfig):
    """The app `avow.django`, whose label is `avow`."""

    name = "avow.django"
    label = "avow"
    verbose_name = "Avow"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks and listen to sign-ins and log-outs."""
        from avow.django import checks, settings, visits  # here: Django imports this module before any setting counts

        checks.register()
        user_logged_out.connect(visits.after_logout, dispatch_uid="avow.django.logout")
        user_logged_in.connect(visits.after_login, dispatch_uid="avow.django.login")
        if settings.load().admin_login and apps.is_installed("django.contrib.admin"):
            from django.contrib import admin  # only where it is installed

            admin.site.login_template = "admin/avow_login.html"
