"""What tokens a grant gives now: the claims of each, and their signatures, which come after the commit."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from msgspec import UNSET

from avow.core import ids
from avow.core.oidc import accesstoken, scopes
from avow.core.oidc.accesstoken import AccessTokenClaims, userinfo_audience
from avow.core.oidc.clients import Api, Client
from avow.core.oidc.idtoken import IdTokenClaims
from avow.core.oidc.scopes import OPENID, Person, claims_of
from avow.core.tokens import SigningKey, sign
from avow.core.vault import Vault
from avow.errors import OAuthRefused
from avow.server.oidc import grants
from avow.server.oidc.rows import GrantRow
from avow.server.oidc.signers import Signers
from avow.server.serving import Project, Steps
from avow.server.store import json_object
from avow.server.users.actions import Profile
from avow.wire.oidc import TokenResponse

__all__ = ["ACCESS_TOKEN_TYPE", "Issuer", "person_of", "signed", "userinfo_of"]

ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"
_RANDOM_CHARACTERS = 22
_TOO_LONG = "What the token would say is more than one token carries."


@dataclass(frozen=True, slots=True)
class Issuer:
    """Makes the tokens of grants, with the keys and the vault of one server."""

    signers: Signers
    vault: Vault

    def tokens(
        self,
        project: Project,
        client: Client,
        row: GrantRow,
        profile: Profile,
        apis: Sequence[Api],
        held: Sequence[str],
        *,
        is_narrowed: bool = False,
        now: int,
    ) -> Steps[TokenResponse]:
        """Return the tokens of a grant.

        Args:
            project: The project.
            client: Whose grant it is.
            row: The grant, as the unit left it.
            profile: The user, as the same unit saw them.
            apis: Those that the access token is for.
            held: The scopes, of those granted.
            is_narrowed: Fewer scopes were asked for than the grant has.
            now: Seconds since the epoch.
        """
        algorithm = apis[0].algorithm if apis else "RS256"
        lifetime = min((api.lifetime_seconds for api in apis), default=client.settings.lifetime_seconds)
        # All that the user may do at the API is said to applications that the project trusts, which asked nobody.
        told = None if client.is_trusted and not is_narrowed else frozenset(held)
        claims = _access(row, profile, apis, held, told, now=now, lifetime_seconds=lifetime)
        access_key = yield from self.signers.key(project, algorithm)
        access = signed(access_key, claims.claims(), accesstoken.TYP)
        id_token: str | None = None
        if OPENID in held:
            id_key = yield from self.signers.key(project, client.settings.id_token_algorithm)
            said = _identity(client, row, profile, held, now=now, access=access, algorithm=id_key.algorithm)
            id_token = signed(id_key, said.claims(), "JWT")
        refreshes = bool(row.is_offline) and "refresh_token" in client.settings.grant_types
        return TokenResponse(
            access_token=access,
            token_type="DPoP" if row.dpop_jkt else "Bearer",
            expires_in=claims.expires_at - now,
            scope=" ".join(claims.scope),
            id_token=UNSET if id_token is None else id_token,
            refresh_token=grants.refresh_token(self.vault, project.id, row) if refreshes else UNSET,
        )

    def machine_token(
        self, project: Project, issuer: str, client: Client, api: Api, held: Sequence[str], *, now: int, dpop_jkt: str
    ) -> Steps[TokenResponse]:
        """Return the access token of a machine: no user is in it, nothing refreshes it, and no row is behind it."""
        claims = AccessTokenClaims(
            issuer=issuer,
            subject=accesstoken.machine_subject(client.id),
            audience=(api.identifier,),
            client_id=client.id,
            token_id=ids.secret_text(_RANDOM_CHARACTERS),
            issued_at=now,
            expires_at=now + api.lifetime_seconds,
            scope=tuple(held),
            permissions=tuple(held) if api.has_rbac else None,
            dpop_jkt=dpop_jkt,
        )
        key = yield from self.signers.key(project, api.algorithm)
        return TokenResponse(
            access_token=signed(key, claims.claims(), accesstoken.TYP),
            token_type="DPoP" if dpop_jkt else "Bearer",
            expires_in=api.lifetime_seconds,
            scope=" ".join(held),
        )

    def exchanged_token(
        self,
        project: Project,
        client: Client,
        row: GrantRow,
        profile: Profile,
        api: Api,
        held: Sequence[str],
        *,
        now: int,
        ends_at: int,
        dpop_jkt: str,
    ) -> Steps[TokenResponse]:
        """Return a token by which an application calls an API for a user: of the same grant, and no longer than it."""
        rights = _rights(row, profile)
        scope = tuple(each for each in held if not api.has_rbac or each in rights)
        claims = AccessTokenClaims(
            issuer=row.issuer,
            subject=row.user_id,
            audience=(api.identifier,),
            client_id=client.id,
            token_id=accesstoken.token_id(row.id, ids.secret_text(_RANDOM_CHARACTERS)),
            issued_at=now,
            expires_at=min(now + api.lifetime_seconds, ends_at),
            scope=scope,
            permissions=tuple(sorted(scope)) if api.has_rbac else None,
            auth_time=row.auth_time,
            amr=grants.details_of(row).amr,
            acr=grants.details_of(row).acr,
            tenant_id=row.tenant_id,
            dpop_jkt=dpop_jkt,
            actor=accesstoken.machine_subject(client.id),
        )
        key = yield from self.signers.key(project, api.algorithm)
        return TokenResponse(
            access_token=signed(key, claims.claims(), accesstoken.TYP),
            token_type="DPoP" if dpop_jkt else "Bearer",
            expires_in=claims.expires_at - now,
            scope=" ".join(scope),
            issued_token_type=ACCESS_TOKEN_TYPE,
        )


def person_of(profile: Profile) -> Person:
    """Return a user as applications are told of them."""
    row = profile.row
    return Person(
        id=row.id,
        name=row.name,
        given_name=row.given_name,
        middle_name=row.middle_name,
        family_name=row.family_name,
        email=row.email,
        is_email_proven=bool(row.is_email_verified),
        phone=row.phone,
        is_phone_proven=bool(row.is_phone_verified),
        picture=row.picture,
        updated_at=row.updated_at,
        further=json_object(row.custom_attributes),
    )


def userinfo_of(client: Client, row: GrantRow, profile: Profile, held: Sequence[str]) -> Mapping[str, object]:
    """Return what the userinfo endpoint says of a grant's user to a token of these scopes."""
    named = _named(row, held, grants.details_of(row).userinfo)
    form = client.settings.updated_at
    said: dict[str, object] = {"sub": profile.id}
    return said | claims_of(person_of(profile), held, named, updated_at=form)


def _access(
    row: GrantRow,
    profile: Profile,
    apis: Sequence[Api],
    held: Sequence[str],
    told: Collection[str] | None,
    *,
    now: int,
    lifetime_seconds: int,
) -> AccessTokenClaims:
    """Return what an access token says; of the user's permissions those that may be `told`, None for all."""
    audience = tuple(api.identifier for api in apis)
    if not audience or OPENID in held:  # so that the same token opens userinfo
        audience = (*audience, userinfo_audience(row.issuer))
    rights, details = _rights(row, profile), grants.details_of(row)
    limited = frozenset(scope for api in apis if api.has_rbac for scope in api.scopes)
    permissions = limited & rights if told is None else limited & rights & frozenset(told)
    has_rbac = any(api.has_rbac for api in apis)
    return AccessTokenClaims(
        issuer=row.issuer,
        subject=row.user_id,
        audience=audience,
        client_id=row.application_id,
        token_id=accesstoken.token_id(row.id, ids.secret_text(_RANDOM_CHARACTERS)),
        issued_at=now,
        expires_at=now + lifetime_seconds,
        scope=tuple(each for each in held if each not in limited or each in rights or each in scopes.STANDARD),
        permissions=tuple(sorted(permissions)) if has_rbac else None,
        auth_time=row.auth_time,
        amr=details.amr,
        acr=details.acr,
        tenant_id=row.tenant_id,
        dpop_jkt=row.dpop_jkt,
    )


def _identity(
    client: Client, row: GrantRow, profile: Profile, held: Sequence[str], *, now: int, access: str, algorithm: str
) -> IdTokenClaims:
    settings, details = client.settings, grants.details_of(row)
    told = held if settings.id_token_has_claims else ()
    return IdTokenClaims(
        issuer=row.issuer,
        subject=row.user_id,
        client_id=client.id,
        session_id=row.sid,
        issued_at=now,
        expires_at=now + settings.lifetime_seconds,
        auth_time=row.auth_time,
        nonce=details.nonce,
        amr=details.amr,
        acr=details.acr,
        tenant_id=row.tenant_id,
        access_token=access,
        algorithm=algorithm,
        about=claims_of(person_of(profile), told, _named(row, held, details.id_token), updated_at=settings.updated_at),
    )


def _named(row: GrantRow, held: Sequence[str], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the claims that were asked for by name; none for a token that was asked to tell less of the person."""
    granted = {*row.scopes.split()} & {*scopes.ABOUT}
    return names if granted <= {*held} else ()


def _rights(row: GrantRow, profile: Profile) -> frozenset[str]:
    """Return the permissions of a user, in the project and in the tenant that they act in."""
    tenant = profile.tenants.get(row.tenant_id) if row.tenant_id else None
    return frozenset((*profile.permissions, *(tenant.permissions if tenant else ())))


def signed(key: SigningKey, claims: dict[str, object], typ: str) -> str:
    """Return a token.

    Raises:
        OAuthRefused: `invalid_request`: it would say more than any verifier reads.
    """
    try:
        return sign(key, claims, typ=typ)
    except ValueError as wrong:
        raise OAuthRefused(error="invalid_request", error_message=_TOO_LONG, detail=str(wrong)) from wrong
