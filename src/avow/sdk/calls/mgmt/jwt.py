"""Management calls of tokens."""

from collections.abc import Mapping
from typing import Any

import msgspec

from avow import shaping
from avow.errors import UnreadableAnswer
from avow.sdk.answers import AuthBody, auth_body
from avow.sdk.calls.call import Call, call, refused, text_of
from avow.sdk.options import MgmtLoginOptions, MgmtSignUpOptions, MgmtUserRequest
from avow.sdk.transport import Response
from avow.wire import jwt
from avow.wire.endpoint import Endpoint

__all__ = ["anonymous", "impersonate", "impersonate_stepup", "sign_in", "sign_up", "stop_impersonation", "update_jwt"]

Claims = Mapping[str, Any] | None


def update_jwt(token: str, custom_claims: Claims, refresh_duration: int) -> Call[str]:
    """Return the call that makes a token anew."""
    body = jwt.UpdateJwt(
        jwt=text_of("jwt", token), custom_claims=_claims(custom_claims), refresh_duration=refresh_duration
    )
    return call(jwt.UPDATE, body, _token)


def impersonate(
    impersonator_id: str,
    login_id: str,
    validate_consent: bool,
    custom_claims: Claims,
    tenant_id: str | None,
    refresh_duration: int | None,
    stepup: bool | None,
) -> Call[str]:
    """Return the call that lets somebody act in another's name."""
    body = jwt.Impersonate(
        login_id=text_of("login_id", login_id),
        impersonator_id=text_of("impersonator_id", impersonator_id),
        validate_consent=validate_consent,
        custom_claims=_claims(custom_claims),
        selected_tenant=tenant_id,
        refresh_duration=refresh_duration,
        stepup=stepup,
    )
    return call(jwt.IMPERSONATE, body, _token)


def impersonate_stepup(
    impersonator_id: str,
    login_id: str,
    validate_consent: bool,
    custom_claims: Claims,
    tenant_id: str | None,
    refresh_duration: int | None,
) -> Call[str]:
    """Return the call that does so with a step-up."""
    body = jwt.ImpersonateStepup(
        login_id=text_of("login_id", login_id),
        impersonator_id=text_of("impersonator_id", impersonator_id),
        validate_consent=validate_consent,
        custom_claims=_claims(custom_claims),
        selected_tenant=tenant_id,
        refresh_duration=refresh_duration,
    )
    return call(jwt.IMPERSONATE_STEPUP, body, _token)


def stop_impersonation(
    token: str, custom_claims: Claims, tenant_id: str | None, refresh_duration: int | None
) -> Call[str]:
    """Return the call that ends it."""
    body = jwt.StopImpersonation(
        jwt=text_of("jwt", token),
        custom_claims=_claims(custom_claims),
        selected_tenant=tenant_id,
        refresh_duration=refresh_duration,
    )
    return call(jwt.STOP_IMPERSONATION, body, _token)


def sign_in(login_id: str, options: MgmtLoginOptions | None) -> Call[AuthBody]:
    """Return the call that signs a user in.

    Raises:
        InvalidArgument: Step-up or MFA is asked for without a token.
    """
    wanted = options or MgmtLoginOptions()
    if (wanted.stepup or wanted.mfa) and not wanted.jwt:
        raise refused("Step-up and MFA need the jwt of the live session.")
    body = jwt.MgmtSignIn(
        login_id=text_of("login_id", login_id),
        stepup=wanted.stepup,
        mfa=wanted.mfa,
        revoke_other_sessions=wanted.revoke_other_sessions,
        custom_claims=_claims(wanted.custom_claims),
        jwt=wanted.jwt or None,
        refresh_duration=wanted.refresh_duration,
    )
    return call(jwt.SIGN_IN, body, auth_body)


def sign_up(
    login_id: str, user: MgmtUserRequest | None, options: MgmtSignUpOptions | None, *, or_in: bool
) -> Call[AuthBody]:
    """Return the call that signs somebody up, or with `or_in` whichever applies."""
    wanted, known = options or MgmtSignUpOptions(), user or MgmtUserRequest()
    body = jwt.MgmtSignUp(
        login_id=text_of("login_id", login_id),
        user=_user(known),
        email_verified=known.email_verified,
        phone_verified=known.phone_verified,
        sso_app_id=known.sso_app_id,
        custom_claims=_claims(wanted.custom_claims),
        refresh_duration=wanted.refresh_duration,
    )
    endpoint: Endpoint[jwt.MgmtSignUp, Any] = jwt.SIGN_UP_OR_IN if or_in else jwt.SIGN_UP
    return call(endpoint, body, auth_body)


def anonymous(custom_claims: Claims, tenant_id: str | None, refresh_duration: int | None) -> Call[AuthBody]:
    """Return the call that opens a session for nobody known."""
    body = jwt.Anonymous(
        custom_claims=_claims(custom_claims), selected_tenant=tenant_id, refresh_duration=refresh_duration
    )
    return call(jwt.ANONYMOUS, body, auth_body)


def _user(user: MgmtUserRequest) -> jwt.MgmtUser:
    return jwt.MgmtUser(
        name=user.name,
        given_name=user.given_name,
        middle_name=user.middle_name,
        family_name=user.family_name,
        phone=user.phone,
        email=user.email,
        email_verified=user.email_verified,
        phone_verified=user.phone_verified,
        sso_app_id=user.sso_app_id,
    )


def _claims(claims: Claims) -> dict[str, Any] | None:
    return None if claims is None else dict(claims)


def _token(response: Response) -> str:
    try:
        return shaping.decode(response.body, jwt.Jwt).jwt
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableAnswer(detail="the answer has no token") from error
