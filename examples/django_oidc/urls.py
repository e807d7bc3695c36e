"""The routes: two pages for everybody, and those of the login, among them profile, protected and admin."""

from django.urls import include, path

from examples.django_oidc import views

urlpatterns = [
    path("", views.index, name="index"),
    path("public", views.public, name="public"),
    path("", include("avow.django.oidc.urls")),
]
