"""The manual, heading "SSO/SAML"."""

import pytest

from avow import REFRESH_SESSION_TOKEN_NAME, SESSION_TOKEN_NAME, DescopeClient
from avow.testing.server import Avow
from tests.bed.tenant_idp import TenantIdp
from tests.factories import make_tenant


@pytest.fixture
def idp(avow: Avow) -> TenantIdp:
    """Give the identity provider of the tenant that the manual speaks of."""
    made = TenantIdp(avow, make_tenant(avow, tenant_id="my-tenant-ID"))
    made.configure()
    return made


def test_sso_saml(descope_client: DescopeClient, idp: TenantIdp) -> None:
    resp = descope_client.saml.start(
        tenant="my-tenant-ID",  # Choose which tenant to log into
        return_url="https://my-app.com/handle-saml",  # Can be configured in the console instead of here
    )

    page = idp.arrive(idp.follow(resp["url"]))
    assert page.location.startswith("https://my-app.com/handle-saml?code=")
    code = page.code

    jwt_response = descope_client.saml.exchange_token(code)
    session_token = jwt_response[SESSION_TOKEN_NAME].get("jwt")
    refresh_token = jwt_response[REFRESH_SESSION_TOKEN_NAME].get("jwt")

    assert descope_client.validate_session(session_token)["tenants"].keys() == {"my-tenant-ID"}
    assert descope_client.me(refresh_token)["email"] == "alice@example.com"
