"""What every template may name of the machine it runs on: the inbox, and the folder that `avow` works on."""

from django.conf import settings
from django.http import HttpRequest

__all__ = ["surroundings"]


def surroundings(request: HttpRequest) -> dict[str, str]:
    """Return it; a context processor."""
    del request  # the same for everybody
    return {"inbox_url": f"{settings.AVOW_BASE_URL}/dev/inbox", "data": str(settings.DATA)}
