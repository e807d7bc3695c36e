"""Applications that sign people in, as the caller sees them; the names are those of the official SDK."""

from collections.abc import Sequence
from typing import Any

from avow.sdk._async.mgmt.unsupported import with_refusals
from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import ssoapplication
from avow.sdk.flow import Flows
from avow.sdk.ssooptions import SAMLIDPAttributeMappingInfo, SAMLIDPGroupsMappingInfo
from avow.wire import ssoapplications as wire

__all__ = ["AsyncSSOApplication"]


@with_refusals("mgmt.sso_application")
class AsyncSSOApplication:
    """Make, change, find and delete applications that sign people in through Avow; `client.mgmt.sso_application`.

    Those of OpenID are those of `client.mgmt.app`, which has all of their settings: where answers may go, grants, PKCE.
    An application that does not exist raises `AuthException` (404); what cannot be used is refused (400).
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def create_oidc_application(
        self,
        name: str,
        login_page_url: str,
        id: str | None = None,
        description: str | None = None,
        logo: str | None = None,
        enabled: bool | None = True,
        force_authentication: bool | None = False,
    ) -> dict[str, Any]:
        """Make an OpenID application with a secret.

        Args:
            name: For people.
            login_page_url: A sign-in page of its own, or "".
            id: Its client_id; made up unless it is given.
            description: For people.
            logo: URL of a picture.
            enabled: It can be used.
            force_authentication: Everybody signs in anew for it.

        Returns:
            `{"id"}`; `get_application_secret` returns the secret.
        """
        values = {
            "name": name,
            "loginPageUrl": login_page_url,
            "id": id,
            "description": description,
            "logo": logo,
            "enabled": enabled,
            "forceAuthentication": force_authentication,
        }
        return await self._run(self._flows.deliver(ssoapplication.made(wire.CREATE_OIDC, values)))

    async def create_saml_application(
        self,
        name: str,
        login_page_url: str,
        id: str | None = None,
        description: str | None = None,
        logo: str | None = None,
        enabled: bool | None = True,
        use_metadata_info: bool | None = False,
        metadata_url: str | None = None,
        entity_id: str | None = None,
        acs_url: str | None = None,
        certificate: str | None = None,
        attribute_mapping: Sequence[SAMLIDPAttributeMappingInfo] | None = None,
        groups_mapping: Sequence[SAMLIDPGroupsMappingInfo] | None = None,
        acs_allowed_callbacks: Sequence[str] | None = None,
        subject_name_id_type: str | None = None,
        subject_name_id_format: str | None = None,
        default_relay_state: str | None = None,
        force_authentication: bool | None = False,
        logout_redirect_url: str | None = None,
        default_signature_algorithm: str | None = None,
    ) -> dict[str, Any]:
        """Make a SAML application; `load` shows what its service provider has to know of us.

        Args:
            name: For people.
            login_page_url: A sign-in page of its own, or "".
            id: Its id; made up unless it is given.
            description: For people.
            logo: URL of a picture.
            enabled: It can be used.
            use_metadata_info: What it is, stands in its metadata.
            metadata_url: Where these are.
            entity_id: Its name, where no metadata say it.
            acs_url: Where SAML assertions go, likewise.
            certificate: What its requests are signed with, PEM, likewise; with one, unsigned requests are refused.
            attribute_mapping: What SAML assertions say of the user; none for verified address and names.
            groups_mapping: Which roles are which groups there.
            acs_allowed_callbacks: Where else SAML assertions may go, when a request says so; without wildcards.
            subject_name_id_type: What names the user: `email`, `phone`, or none for the user id.
            subject_name_id_format: Which format of NameID that is.
            default_relay_state: RelayState of a sign-in that begins here.
            force_authentication: Everybody signs in anew for it.
            logout_redirect_url: Where a browser goes after log-out, with the answer to its request.
            default_signature_algorithm: `sha256`, or none: every signature is RSA-SHA256.

        Returns:
            `{"id"}`.
        """
        values = {
            "id": id,
            "name": name,
            "description": description,
            "enabled": enabled,
            "logo": logo,
            "loginPageUrl": login_page_url,
            "useMetadataInfo": use_metadata_info,
            "metadataUrl": metadata_url,
            "entityId": entity_id,
            "acsUrl": acs_url,
            "certificate": certificate,
            "attributeMapping": ssoapplication.attributes(attribute_mapping),
            "groupsMapping": ssoapplication.groups(groups_mapping),
            "acsAllowedCallbacks": acs_allowed_callbacks or [],
            "subjectNameIdType": subject_name_id_type,
            "subjectNameIdFormat": subject_name_id_format,
            "defaultRelayState": default_relay_state,
            "forceAuthentication": force_authentication,
            "logoutRedirectUrl": logout_redirect_url,
            "defaultSignatureAlgorithm": default_signature_algorithm,
        }
        return await self._run(self._flows.deliver(ssoapplication.made(wire.CREATE_SAML, values)))

    async def update_oidc_application(
        self,
        id: str,
        name: str,
        login_page_url: str,
        description: str | None = None,
        logo: str | None = None,
        enabled: bool | None = True,
        force_authentication: bool | None = False,
    ) -> None:
        """Make an OpenID application as it is given; what is not given is emptied, and the further settings stay."""
        values = {
            "name": name,
            "loginPageUrl": login_page_url,
            "id": id,
            "description": description,
            "logo": logo,
            "enabled": enabled,
            "forceAuthentication": force_authentication,
        }
        await self._run(self._flows.deliver(ssoapplication.changed(wire.UPDATE_OIDC, values)))

    async def update_saml_application(
        self,
        id: str,
        name: str,
        login_page_url: str,
        description: str | None = None,
        logo: str | None = None,
        enabled: bool | None = True,
        use_metadata_info: bool | None = False,
        metadata_url: str | None = None,
        entity_id: str | None = None,
        acs_url: str | None = None,
        certificate: str | None = None,
        attribute_mapping: Sequence[SAMLIDPAttributeMappingInfo] | None = None,
        groups_mapping: Sequence[SAMLIDPGroupsMappingInfo] | None = None,
        acs_allowed_callbacks: Sequence[str] | None = None,
        subject_name_id_type: str | None = None,
        subject_name_id_format: str | None = None,
        default_relay_state: str | None = None,
        force_authentication: bool | None = False,
        logout_redirect_url: str | None = None,
        default_signature_algorithm: str | None = None,
    ) -> None:
        """Make a SAML application as it is given; what is not given is emptied."""
        values = {
            "id": id,
            "name": name,
            "description": description,
            "enabled": enabled,
            "logo": logo,
            "loginPageUrl": login_page_url,
            "useMetadataInfo": use_metadata_info,
            "metadataUrl": metadata_url,
            "entityId": entity_id,
            "acsUrl": acs_url,
            "certificate": certificate,
            "attributeMapping": ssoapplication.attributes(attribute_mapping),
            "groupsMapping": ssoapplication.groups(groups_mapping),
            "acsAllowedCallbacks": acs_allowed_callbacks or [],
            "subjectNameIdType": subject_name_id_type,
            "subjectNameIdFormat": subject_name_id_format,
            "defaultRelayState": default_relay_state,
            "forceAuthentication": force_authentication,
            "logoutRedirectUrl": logout_redirect_url,
            "defaultSignatureAlgorithm": default_signature_algorithm,
        }
        await self._run(self._flows.deliver(ssoapplication.changed(wire.UPDATE_SAML, values)))

    async def delete(self, id: str) -> None:
        """Delete an application for ever; what it was granted ends at once."""
        await self._run(self._flows.deliver(ssoapplication.delete(wire.DELETE, id)))

    async def load(self, id: str) -> dict[str, Any]:
        """Return an application, without its secrets; `appType` says which of its settings are filled."""
        return await self._run(self._flows.deliver(ssoapplication.load(wire.LOAD, id)))

    async def load_all(self) -> dict[str, Any]:
        """Return the OpenID and SAML applications, `{"apps": [...]}`, the oldest first."""
        return await self._run(self._flows.deliver(ssoapplication.load_all(wire.LOAD_ALL)))

    async def get_application_secret(self, id: str) -> str:
        """Return the secret of an application, "" when it keeps none; the audit says who read it."""
        return await self._run(self._flows.deliver(ssoapplication.revealed(id)))

    async def rotate_application_secret(self, id: str) -> str:
        """Give an application a new secret and return it; the one before counts for a day more."""
        return await self._run(self._flows.deliver(ssoapplication.rotated(id)))
