"""Tokens that management makes and changes: custom claims, sign-ins by a back end, impersonation. Shapes and routes."""

from typing import Annotated

from msgspec import Meta

from avow.wire.bounds import Claims, Flag, LoginId, Name, Text
from avow.wire.endpoint import Caller, Endpoint, Shape
from avow.wire.secret import SECRET, Secret
from avow.wire.sessions import JwtResponse

__all__ = [
    "ANONYMOUS",
    "ENDPOINTS",
    "IMPERSONATE",
    "IMPERSONATE_STEPUP",
    "SIGN_IN",
    "SIGN_UP",
    "SIGN_UP_OR_IN",
    "STOP_IMPERSONATION",
    "UPDATE",
    "Anonymous",
    "Impersonate",
    "ImpersonateStepup",
    "Jwt",
    "MgmtSignIn",
    "MgmtSignUp",
    "MgmtUser",
    "StopImpersonation",
    "UpdateJwt",
]

Token = Annotated[str, Meta(min_length=1, max_length=16_384, extra=SECRET)]
Duration = Annotated[int, Meta(ge=0, le=400 * 86400)]


class Jwt(Shape, frozen=True, kw_only=True):
    """One token."""

    jwt: Secret


class UpdateJwt(Shape, frozen=True, kw_only=True):
    """A token to be made anew.

    Attributes:
        jwt: A session or refresh token of a live session.
        custom_claims: Claims to add to the session, at the top level of its tokens; null takes one away.
        refresh_duration: Seconds that the new token lives, if that is less than it would otherwise; 0 for as usual.
    """

    jwt: Token
    custom_claims: Claims | None = None
    refresh_duration: Duration | None = None


class ImpersonateStepup(Shape, frozen=True, kw_only=True):
    """Somebody who is to act in somebody else's name.

    Attributes:
        login_id: Login ID of the user in whose name, or their id.
        impersonator_id: Login ID or id of who acts; they have the permission `Impersonate`.
        validate_consent: Only if the user has agreed.
        custom_claims: Claims for the tokens, at their top level.
        selected_tenant: One of the user's tenants to act in.
        refresh_duration: Seconds that the session lives; an hour at most.
    """

    login_id: LoginId
    impersonator_id: LoginId
    validate_consent: Flag = None
    custom_claims: Claims | None = None
    selected_tenant: Name | None = None
    refresh_duration: Duration | None = None


class Impersonate(ImpersonateStepup, frozen=True, kw_only=True):
    """Somebody who is to act in somebody else's name; with `stepup` as if the user had proven themselves anew."""

    stepup: Flag = None


class StopImpersonation(Shape, frozen=True, kw_only=True):
    """A session in somebody else's name that is to end.

    Attributes:
        jwt: A session or refresh token of it.
        custom_claims: Claims for the tokens of who acted, at their top level.
        selected_tenant: One of their tenants to act in.
        refresh_duration: Seconds that their new session lives, if less than the project's sessions do.
    """

    jwt: Token
    custom_claims: Claims | None = None
    selected_tenant: Name | None = None
    refresh_duration: Duration | None = None


class MgmtSignIn(Shape, frozen=True, kw_only=True):
    """A user whom the back end vouches for.

    Attributes:
        login_id: What they sign in with.
        stepup: They have proven themselves anew within the session of `jwt`.
        mfa: They have shown a further factor within the session of `jwt`.
        revoke_other_sessions: End their other sessions.
        custom_claims: Claims for the tokens, at their top level.
        jwt: A session or refresh token of their live session, for `stepup` and `mfa`.
        refresh_duration: Seconds that the session lives, if less than the project's sessions do.
    """

    login_id: LoginId
    stepup: Flag = None
    mfa: Flag = None
    revoke_other_sessions: Flag = None
    custom_claims: Claims | None = None
    jwt: Token | None = None
    refresh_duration: Duration | None = None


class MgmtUser(Shape, frozen=True, kw_only=True):
    """What a back end knows of somebody who signs up; `sso_app_id` as in `MgmtSignUp`."""

    name: Name | None = None
    given_name: Name | None = None
    middle_name: Name | None = None
    family_name: Name | None = None
    phone: Text | None = None
    email: Text | None = None
    email_verified: Flag = None
    phone_verified: Flag = None
    sso_app_id: Name | None = None


class MgmtSignUp(Shape, frozen=True, kw_only=True):
    """A new user whom the back end vouches for.

    Attributes:
        login_id: What they will sign in with.
        user: What is known about them.
        email_verified: Their address is theirs.
        phone_verified: Their number is theirs.
        sso_app_id: Application that they may reach, and no other; of who signs up, not of who is there already.
        custom_claims: Claims for the tokens, at their top level.
        refresh_duration: Seconds that the session lives, if less than the project's sessions do.
    """

    login_id: LoginId
    user: MgmtUser | None = None
    email_verified: Flag = None
    phone_verified: Flag = None
    sso_app_id: Name | None = None
    custom_claims: Claims | None = None
    refresh_duration: Duration | None = None


class Anonymous(Shape, frozen=True, kw_only=True):
    """Somebody nobody knows.

    Attributes:
        custom_claims: Claims for the tokens, at their top level.
        selected_tenant: A tenant to act in.
        refresh_duration: Seconds that the session lives, if less than the project's sessions do.
    """

    custom_claims: Claims | None = None
    selected_tenant: Name | None = None
    refresh_duration: Duration | None = None


UPDATE = Endpoint("mgmt.jwt.update_jwt", "POST", "/v1/mgmt/jwt/update", UpdateJwt, Jwt, Caller.MANAGEMENT)
IMPERSONATE = Endpoint("mgmt.jwt.impersonate", "POST", "/v1/mgmt/impersonate", Impersonate, Jwt, Caller.MANAGEMENT)
IMPERSONATE_STEPUP = Endpoint(
    "mgmt.jwt.impersonate_stepup", "POST", "/v1/mgmt/impersonate/stepup", ImpersonateStepup, Jwt, Caller.MANAGEMENT
)
STOP_IMPERSONATION = Endpoint(
    "mgmt.jwt.stop_impersonation", "POST", "/v1/mgmt/stop/impersonation", StopImpersonation, Jwt, Caller.MANAGEMENT
)
SIGN_IN = Endpoint("mgmt.jwt.sign_in", "POST", "/v1/mgmt/auth/signin", MgmtSignIn, JwtResponse, Caller.MANAGEMENT)
SIGN_UP = Endpoint("mgmt.jwt.sign_up", "POST", "/v1/mgmt/auth/signup", MgmtSignUp, JwtResponse, Caller.MANAGEMENT)
SIGN_UP_OR_IN = Endpoint(
    "mgmt.jwt.sign_up_or_in", "POST", "/v1/mgmt/auth/signup-in", MgmtSignUp, JwtResponse, Caller.MANAGEMENT
)
ANONYMOUS = Endpoint("mgmt.jwt.anonymous", "POST", "/v1/mgmt/auth/anonymous", Anonymous, JwtResponse, Caller.MANAGEMENT)

ENDPOINTS = (
    UPDATE,
    IMPERSONATE,
    IMPERSONATE_STEPUP,
    STOP_IMPERSONATION,
    SIGN_IN,
    SIGN_UP,
    SIGN_UP_OR_IN,
    ANONYMOUS,
)
