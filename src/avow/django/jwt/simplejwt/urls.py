"""Routes for the four endpoints, by the names that simplejwt's manual gives them: `include(...)` below `api/token/`."""

from typing import Final

from django.urls import path

from avow.django.jwt.simplejwt import views

__all__ = ["urlpatterns"]

urlpatterns: Final = [
    path("", views.token_obtain_pair, name="token_obtain_pair"),
    path("refresh/", views.token_refresh, name="token_refresh"),
    path("verify/", views.token_verify, name="token_verify"),
    path("blacklist/", views.token_blacklist, name="token_blacklist"),
]
