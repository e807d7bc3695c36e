"""The routes of the project: those of the app at its root, as the Auth0 Django guide has them, and pages of its own."""

from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import include, path

from avow.django.oidc import SignInNeeded, api_session


def index(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"user": request.user.get_username(), "session": dict(request.session.items())})


@login_required
def private(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username())


@permission_required("auth.view_user", raise_exception=True)
def reports(request: HttpRequest) -> HttpResponse:
    return HttpResponse("reports")


@login_required
def call(request: Any) -> HttpResponse:
    try:
        with api_session(request) as session:
            answer = session.get(request.GET["url"])
    except SignInNeeded as needed:
        if "plain" in request.GET:
            return HttpResponse(str(needed), status=401)
        return redirect("avow_oidc:login")
    if "fail" in request.GET:
        return HttpResponse("the view broke", status=500)
    return HttpResponse(answer.content, status=answer.status_code, content_type="application/json")


urlpatterns = [
    path("", index, name="index"),
    path("private", private),
    path("reports", reports),
    path("call", call),
    path("", include("avow.django.oidc.urls")),
]
