"""The addresses: the page, two protected views, and the layer's own at the root of the site."""

from django.urls import include, path

from examples.django_jwt import views

urlpatterns = [
    path("", views.page, name="page"),
    path("who/", views.who, name="who"),
    path("users/", views.users, name="users"),
    path("", include("avow.django.jwt.urls")),
]
