"""The Django app: its label, its commands, and what `manage.py check` says of its settings."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register

from avow.sdk.resource.inside import Server, announce
from avow.server.settings import SettingsRefused

__all__ = ["AvowEmbedConfig", "check_settings"]


class AvowEmbedConfig(AppConfig):
    """The app `avow.embed.django`, whose label is `avow_embed`; it has no models."""

    name = "avow.embed.django"
    label = "avow_embed"
    verbose_name = "Avow in this process"

    def ready(self) -> None:
        """Register the system check, and whom APIs of this process ask for its keys."""
        register(check_settings, Tags.security)
        announce(_server)


def _server() -> Server:
    from avow.embed.django.inside import embedded  # the settings count from here on

    return embedded()


def check_settings(app_configs: Sequence[Any] | None = None, **_: object) -> list[CheckMessage]:
    """Return what is wrong with the settings of the server; the database is not asked."""
    from avow.embed.django.inside import embedded  # the settings count from here on

    del app_configs  # the settings are those of the whole project
    try:
        embedded().said.settings()
    except SettingsRefused as refused:
        hint = "Set it in AVOW_EMBEDDED, whose names are those of the server without AVOW_, or in the environment."
        return [Error(sentence, hint=hint, id="avow.E050") for sentence in str(refused).splitlines()]
    return []
