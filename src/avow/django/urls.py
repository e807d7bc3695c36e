"""The routes: `path("auth/", include("avow.django.urls"))`."""

from django.urls import path

from avow.django import views

__all__ = ["app_name", "urlpatterns"]

app_name = "avow"
urlpatterns = [
    path("login/", views.LoginView.as_view(), name="login"),
    path("logout/", views.LogoutView.as_view(), name="logout"),
    path("refresh/", views.RefreshView.as_view(), name="refresh"),
    path("store_jwt", views.StoreJwt.as_view(), name="store_jwt"),
    path("flow.js", views.FlowScript.as_view(), name="flow_script"),
]
