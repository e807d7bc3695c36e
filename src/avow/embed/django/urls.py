"""The routes: `path("auth/", include("avow.embed.django.urls"))`, after those of `avow.django` where both are there."""

import asyncio

from django.urls import ResolverMatch, URLPattern
from django.urls.resolvers import RegexPattern

from avow.embed.django import views

__all__ = ["app_name", "urlpatterns"]


class _Everything(URLPattern):
    """Every path below the mount; the view is the asynchronous one where a loop runs, so that none waits in a thread.

    Django decides by the view it finds, and finds it on the loop under ASGI and in a thread of the server under WSGI.
    """

    def resolve(self, path: str) -> ResolverMatch | None:
        """Return the view for a path."""
        match = super().resolve(path)
        if match is not None and _is_on_a_loop():
            match.func = views.answer_async
        return match


def _is_on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


app_name = "avow_embed"
urlpatterns = [_Everything(RegexPattern(r"^(?P<rest>[\s\S]*)\Z"), views.answer_blocking, name="mount")]
