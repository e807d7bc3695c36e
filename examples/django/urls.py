"""The addresses."""

from django.contrib import admin
from django.urls import include, path

from avow.django.views import LoginView
from examples.django import views

urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", LoginView.as_view(template_name="sign_in.html"), name="sign_in"),
    path("profile/", views.profile, name="profile"),
    path("protected/", views.protected, name="protected"),
    path("admin-only/", views.admin_only, name="admin_only"),
    path("summariser/", views.summariser, name="summariser"),
    path("auth/", include("avow.django.urls")),
    path("admin/", admin.site.urls),
]
