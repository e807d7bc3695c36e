"""The same demands for views that are classes."""

from django.http import HttpRequest

from avow.django.decorators import SELECTED, gate, gate_async
from avow.django.shapes import Anything
from avow.sdk.integration.demands import Demand, demand

__all__ = [
    "SELECTED",
    "LoginRequiredMixin",
    "PermissionRequiredMixin",
    "RolesRequiredMixin",
    "TenantRequiredMixin",
]


class LoginRequiredMixin:
    """Lets in whoever is signed in; stands before `View` among the bases.

    Attributes:
        login_url: Where strangers go; LOGIN_URL when None.
        tenant: Tenant in which roles and permissions count, or `SELECTED`; the project when None.
        tenant_kwarg: Name of the URL's part that holds the tenant's id, instead.
    """

    login_url: str | None = None
    tenant: str | None = None
    tenant_kwarg: str | None = None

    def get_demand(self) -> Demand:
        """Return what is demanded of whoever asks."""
        return Demand()

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> Anything:
        """Answer whoever may not pass, and let the view answer the others."""
        if getattr(self, "view_is_async", False):
            return self._dispatch_async(request, *args, **kwargs)
        refused = gate(request, self.get_demand(), kwargs, self.login_url)
        return refused or super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # the view's own

    async def _dispatch_async(self, request: HttpRequest, *args: object, **kwargs: object) -> Anything:
        refused = await gate_async(request, self.get_demand(), kwargs, self.login_url)
        return refused or await super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # as above


class PermissionRequiredMixin(LoginRequiredMixin):
    """Lets in whoever holds `permission_required`: one name, or several of which all are demanded."""

    permission_required: str | tuple[str, ...] = ()

    def get_demand(self) -> Demand:
        """Demand the permissions.

        Raises:
            ValueError: None is named.
        """
        names = _named(self.permission_required, "permission_required")
        return demand(permissions=names, tenant=self.tenant, tenant_part=self.tenant_kwarg)


class RolesRequiredMixin(LoginRequiredMixin):
    """Lets in whoever holds `roles_required`: one name, or several of which all are demanded."""

    roles_required: str | tuple[str, ...] = ()

    def get_demand(self) -> Demand:
        """Demand the roles.

        Raises:
            ValueError: None is named.
        """
        names = _named(self.roles_required, "roles_required")
        return demand(roles=names, tenant=self.tenant, tenant_part=self.tenant_kwarg)


class TenantRequiredMixin(LoginRequiredMixin):
    """Lets in the members of the tenant; of the selected one, when none is named."""

    def get_demand(self) -> Demand:
        """Demand membership."""
        tenant = SELECTED if self.tenant is None and self.tenant_kwarg is None else self.tenant
        return demand(tenant=tenant, tenant_part=self.tenant_kwarg)


def _named(names: str | tuple[str, ...], attribute: str) -> tuple[str, ...]:
    found = (names,) if isinstance(names, str) else tuple(names)
    if not all(found) or not found:
        raise ValueError(f"Nothing is demanded: set {attribute}.")
    return found
