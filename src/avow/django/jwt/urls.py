"""The routes, by djwto's names: `include("avow.django.jwt.urls")`. The list is made whenever Django asks for it."""

from django.urls import URLPattern, path

from avow.django.jwt import settings, views

__all__ = ["make_patterns"]


def __getattr__(name: str) -> object:
    """Return `urlpatterns` as the settings have them now."""
    if name == "urlpatterns":
        return make_patterns()
    raise AttributeError(name)


def make_patterns() -> list[URLPattern]:
    """Return the routes; that of `update_refresh` is there while the setting allows it."""
    below = settings.DJWTO_REFRESH_COOKIE_PATH
    patterns = [
        path("login/", views.GetTokensView.as_view(), name="login"),
        path(f"{below}/logout/", views.BlackListTokenView.as_view(), name="logout"),
        path("validate_access/", views.ValidateTokensView.as_view(), name="validate_access"),
        path(f"{below}/validate_refresh/", views.ValidateRefreshView.as_view(), name="validate_refresh"),
        path(f"{below}/refresh_access/", views.RefreshAccessView.as_view(), name="refresh_access"),
    ]
    if settings.DJWTO_ALLOW_REFRESH_UPDATE:
        patterns.append(path(f"{below}/update_refresh/", views.UpdateRefreshView.as_view(), name="update_refresh"))
    return patterns
