"""The routes: `path("", include("avow.django.oidc.urls"))`."""

from django.urls import path

from avow.django.oidc import views

__all__ = ["app_name", "urlpatterns"]

app_name = "avow_oidc"
urlpatterns = [
    path("login", views.LoginView.as_view(), name="login"),
    path("signup", views.SignUpView.as_view(), name="signup"),
    path("callback", views.CallbackView.as_view(), name="callback"),
    path("logout", views.LogoutView.as_view(), name="logout"),
    path("backchannel-logout", views.BackchannelLogoutView.as_view(), name="backchannel_logout"),
    path("profile", views.ProfileView.as_view(), name="profile"),
    path("protected", views.ProtectedView.as_view(), name="protected"),
    path("admin", views.AdminView.as_view(), name="admin"),
]
