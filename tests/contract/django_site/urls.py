"""The admin with the package's page to sign in, and the view that takes the tokens."""

from django.contrib import admin
from django.urls import include, path

admin.site.login_template = "admin/descope_login.html"

urlpatterns = [
    path("auth/", include("django_descope.urls")),
    path("admin/", admin.site.urls),
]
