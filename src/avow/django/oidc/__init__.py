"""Sign-in to a Django project at any OpenID provider: an app of its own, without Avow's SDK or server."""

from avow.django.oidc.api import SignInNeeded, api_session
from avow.django.oidc.problems import SignInStopped
from avow.django.oidc.settings import AvowOidc

__all__ = ["AvowOidc", "SignInNeeded", "SignInStopped", "api_session"]
