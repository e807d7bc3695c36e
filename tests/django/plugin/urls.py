"""The routes of the project: those of the plugin, the admin, and a page for each demand."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import decorators as djangos
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.template import Context, Template
from django.urls import include, path
from django.views import View

from avow.django.decorators import SELECTED, login_required, permission_required, roles_required, tenant_required
from avow.django.mixins import LoginRequiredMixin, PermissionRequiredMixin, RolesRequiredMixin, TenantRequiredMixin


def plain(request: HttpRequest, **parts: str) -> HttpResponse:
    return JsonResponse({"ok": True})


async def aplain(request: HttpRequest, **parts: str) -> HttpResponse:
    return JsonResponse({"ok": True})


def csrf(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"token": get_token(request)})


def whoami(request: Any) -> HttpResponse:
    return JsonResponse({"user_id": request.avow.user_id if request.avow else ""})


def row(request: Any) -> HttpResponse:
    user = request.user
    return JsonResponse(
        {
            **{
                "is_authenticated": user.is_authenticated,
                "username": user.get_username(),
                "kind": user.__class__.__name__,
            },
            **{"email": getattr(user, "email", ""), "is_staff": user.is_staff, "is_superuser": user.is_superuser},
            "claims": getattr(user, "session_token", None),
            "refresh_token": getattr(user, "refresh_token", ""),
        }
    )


async def arow(request: Any) -> HttpResponse:
    user = await request.auser()
    return JsonResponse({"username": user.get_username(), "is_authenticated": user.is_authenticated})


def visits(request: Any) -> HttpResponse:
    """Count in Django's session, as a basket does."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    return JsonResponse({"visits": request.session["visits"]})


def basket(request: Any) -> HttpResponse:
    """Read Django's session only."""
    return JsonResponse({"visits": request.session.get("visits", 0)})


def fails(request: Any) -> HttpResponse:
    """Fail with everything at hand that a report of errors could show."""
    session, user = request.avow, request.user
    raise ZeroDivisionError(f"{session} {user}")


def page(request: HttpRequest) -> HttpResponse:
    template = Template(request.GET["template"])
    return HttpResponse(template.render(Context({"request": request, "next": request.GET.get("next", "")})))


class Async(View):
    async def get(self, request: HttpRequest, **parts: str) -> HttpResponse:
        return JsonResponse({"ok": True})


class Sync(View):
    def get(self, request: HttpRequest, **parts: str) -> HttpResponse:
        return JsonResponse({"ok": True})


class ForLogin(LoginRequiredMixin, Sync):
    pass


class ForLoginAsync(LoginRequiredMixin, Async):
    pass


class ForEditors(RolesRequiredMixin, Sync):
    roles_required = "editor"


class ForEditorsAsync(RolesRequiredMixin, Async):
    roles_required = ("editor",)


class ForWriters(PermissionRequiredMixin, Sync):
    permission_required = "write"


class ForTenant(TenantRequiredMixin, Sync):
    tenant_kwarg = "tenant"


DECORATORS: dict[str, Any] = {
    "login": login_required,
    "role": roles_required("editor"),
    "permission": permission_required("write"),
    "both": permission_required("write", "publish"),
    "member": tenant_required(tenant_kwarg="tenant"),
    "tenantrole": roles_required("editor", tenant_kwarg="tenant"),
    "selected": permission_required("write", tenant=SELECTED),
    "django": djangos.login_required,
}

urlpatterns = [
    path("auth/", include("avow.django.urls")),
    path("admin/", admin.site.urls),
    path("plain", plain),
    path("aplain", aplain),
    path("csrf", csrf),
    path("whoami", whoami),
    path("row", row),
    path("arow", arow),
    path("visits", visits),
    path("basket", basket),
    path("page", page),
    path("fails", fails),
    *(path(f"<tenant>/{name}", decorate(plain)) for name, decorate in DECORATORS.items()),
    *(path(f"<tenant>/{name}-async", decorate(aplain)) for name, decorate in DECORATORS.items()),
    path("<tenant>/login-class", ForLogin.as_view()),
    path("<tenant>/login-class-async", ForLoginAsync.as_view()),
    path("<tenant>/role-class", ForEditors.as_view()),
    path("<tenant>/role-class-async", ForEditorsAsync.as_view()),
    path("<tenant>/permission-class", ForWriters.as_view()),
    path("<tenant>/member-class", ForTenant.as_view()),
]
