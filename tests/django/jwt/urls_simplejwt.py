"""The routes of a project that comes from simplejwt, and a view of Django REST framework."""

from typing import Any

from django.urls import include, path
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from avow.django.jwt.simplejwt.authentication import JWTAuthentication
from tests.django.jwt.urls import urlpatterns as others


class PrivateView(APIView):  # type: ignore[misc]
    authentication_classes = (JWTAuthentication,)
    permission_classes = (IsAuthenticated,)

    def get(self, request: Any) -> Any:
        return Response({"user": request.user.get_username()})


urlpatterns = [
    path("api/token/", include("avow.django.jwt.simplejwt.urls")),
    path("drf/", PrivateView.as_view()),
    *others,
]
