"""Sign-in without a page of ours, in the words of Auth0's clients: codes by message, and passwords.

Off unless a trusted application is allowed the grant, since it sees what people type. All that keeps guesses few, asks
for a second factor and hides who has an account is that of the methods themselves, whose handlers are called here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import msgspec

from avow import shaping
from avow.core.oidc import acr
from avow.core.oidc.clients import Client
from avow.errors import AuthException, OAuthRefused, SecondFactorNeeded
from avow.server.applications.kept import KeptApplications
from avow.server.oidc import grants
from avow.server.oidc.authenticating import Authenticator
from avow.server.oidc.authorizing import Person, Wish
from avow.server.oidc.grants import Details, NewGrant, Redemption
from avow.server.oidc.issuers import issuer_of
from avow.server.oidc.rows import GrantRow
from avow.server.otp import actions as otp
from avow.server.proofs import recipients
from avow.server.proofs.recipients import Method
from avow.server.serving import Answer, Call, Issued, Refusal, Steps, write
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.wire.login import SignIn
from avow.wire.oidc import DirectForm, first, given
from avow.wire.otp import VerifyCode
from avow.wire.users import SignUpUser

__all__ = ["OTP", "PASSWORD", "PASSWORD_AT", "DirectEndpoints", "begun", "proven"]

OTP = "http://auth0.com/oauth/grant-type/passwordless/otp"
PASSWORD_AT = "http://auth0.com/oauth/grant-type/password-realm"
PASSWORD = "password"
_METHODS: Mapping[str, Method] = {"email": "email", "sms": "sms"}
_SENT = "An e-mail with a link to set another password is on its way, if there is such an account."

Parameters = Mapping[str, Sequence[str]]


class DirectEndpoints:
    """Answers `/passwordless/start` and `/dbconnections/*` on one server."""

    def __init__(self, authenticator: Authenticator, kept: KeptApplications) -> None:
        self._authenticator = authenticator
        self._kept = kept

    def start(self, call: Call[DirectForm]) -> Steps[Answer]:
        """Send a code; whether there is such an account is not told."""
        parameters = given(call.body)
        client = yield from self._authenticator.client(call, parameters, "/passwordless/start")
        require_allowed(client, OTP)
        if first(parameters, "send") not in {"", "code"}:
            raise OAuthRefused(error="invalid_request", error_message="Codes are sent, not links: send=code.")
        method, name = ("sms", "phone_number") if first(parameters, "connection") == "sms" else ("email", "email")
        login_id = first(parameters, name)
        sent: Call[Any] = replace(call, body=_shaped(SignIn, login_id=login_id), path={"method": method})
        yield from write(_send, sent)
        return Answer({name: login_id})

    def sign_up(self, call: Call[DirectForm]) -> Steps[Answer]:
        """Make a user with a password, who is signed in nowhere yet."""
        from avow.server.password import asked as password  # hashing takes long to import
        from avow.wire.password import PasswordSignUp

        parameters = given(call.body)
        yield from self._named(call, parameters)
        email = first(parameters, "email")
        names = {each: first(parameters, each) or None for each in ("name", "given_name", "family_name")}
        user = _shaped(SignUpUser, **names)
        body = _shaped(PasswordSignUp, login_id=email, password=first(parameters, "password"), user=user)
        asked: Call[Any] = replace(call, body=body)
        made = yield from password.sign_up(asked)
        if isinstance(made, Refusal):
            raise made.error
        claims = made.claims
        yield from write(sessions.end, claims.user_id, claims.session_id, why="signed up only")
        return Answer({"_id": claims.user_id, "email": email, "email_verified": False})

    def change_password(self, call: Call[DirectForm]) -> Steps[Answer]:
        """Send a link by which a password is set; the answer never tells whether there is such an account."""
        from avow.server.password import asked as password  # as above
        from avow.wire.password import SendReset

        parameters = given(call.body)
        yield from self._named(call, parameters)
        body = _shaped(SendReset, login_id=first(parameters, "email"))
        asked: Call[Any] = replace(call, body=body)
        yield from write(password.send_reset, asked)
        return Answer(_SENT.encode(), 200, "text/plain; charset=utf-8")

    def _named(self, call: Call[DirectForm], parameters: Parameters) -> Steps[Client]:
        """Return the application that is named; Auth0's clients show no secret here, and none is worth anything."""
        known = yield from self._kept.client(call.project, first(parameters, "client_id"))
        if known is None or not known.client.is_enabled:
            raise OAuthRefused(401, error="invalid_client", error_message="The client is not known.")
        require_allowed(known.client, PASSWORD_AT, PASSWORD)
        return known.client


def require_allowed(client: Client, *names: str) -> None:
    """Refuse an application that may not see what people type.

    Raises:
        OAuthRefused: `unauthorized_client`.
    """
    if not client.is_trusted or not set(names) & set(client.settings.grant_types):
        raise OAuthRefused(error="unauthorized_client", error_message="The application may not use this.")


def proven(call: Call[Any], client: Client, parameters: Parameters) -> Steps[Issued]:
    """Return the session of whoever the code or password is of.

    Raises:
        OAuthRefused: `invalid_grant`, in the same words whatever was wrong; `mfa_required`: it holds and is not enough.
    """
    grant = first(parameters, "grant_type")
    require_allowed(client, grant)
    try:
        result = yield from (_by_code if grant == OTP else _by_password)(call, parameters)
    except AuthException as refused:
        _refuse(refused)
    if isinstance(result, Refusal):
        if not isinstance(result.error, AuthException):
            raise result.error
        _refuse(result.error)
    return result


def begun(tx: Tx, call: Call[Any], client: Client, wish: Wish, person: Person, dpop_jkt: str) -> GrantRow | Refusal:
    """Grant what is asked for at once: no code goes anywhere."""
    settings = client.settings
    new = NewGrant(
        application_id=client.id,
        user_id=person.seen.user_id,
        session_id=person.seen.session_id,
        issuer=issuer_of(call),
        scopes=wish.held,
        audience=[api.identifier for api in wish.apis],
        redirect_uri="",
        expires_at=min(tx.now + wish.lifetime_seconds, person.ends_at + grants.SESSION_KEPT_SECONDS),
        auth_time=person.seen.auth_time,
        tenant_id=person.tenant_id,
        is_offline=wish.is_offline,
        rotates=settings.rotates,
        is_heard=bool(settings.backchannel_logout_uri),
        details=Details(amr=person.amr, acr=acr.class_of((), person.amr)),
    )
    code = grants.begin(tx, new, call.client)
    return grants.spend(tx, Redemption(application_id=client.id, code=code, dpop_jkt=dpop_jkt))


def _by_code(call: Call[Any], parameters: Parameters) -> Steps[Issued | Refusal]:
    method = _METHODS.get(first(parameters, "realm") or "email")
    if method is None:
        raise OAuthRefused(error="invalid_request", error_message="realm is email or sms.")
    body = _shaped(VerifyCode, login_id=first(parameters, "username"), code=first(parameters, "otp"))
    return (yield from write(_verified, replace(call, body=body), method))


def _by_password(call: Call[Any], parameters: Parameters) -> Steps[Issued | Refusal]:
    from avow.server.password import asked as password  # as above
    from avow.wire.password import PasswordSignIn

    body = _shaped(PasswordSignIn, login_id=first(parameters, "username"), password=first(parameters, "password"))
    return (yield from password.sign_in(replace(call, body=body)))


def _send(tx: Tx, call: Call[SignIn]) -> None:
    recipients.require_method(call, "otp")
    otp.send(tx, call.project, recipients.for_sign_up_or_in(tx, call))


def _verified(tx: Tx, call: Call[VerifyCode], method: Method) -> Issued | Refusal:
    recipients.require_method(call, "otp")
    body = call.body
    return otp.verify(tx, call.project, call.client, login_id=body.login_id, method=method, code=body.code)


def _refuse(refused: AuthException) -> NoReturn:
    if isinstance(refused, OAuthRefused):
        raise refused
    if isinstance(refused, SecondFactorNeeded):
        text = "A second factor is needed: sign the person in on a page (/authorize)."
        raise OAuthRefused(403, error="mfa_required", error_message=text) from refused
    text = "What was typed is not right."
    raise OAuthRefused(403, error="invalid_grant", error_message=text, detail=refused.error_message) from refused


def _shaped(shape: Any, **values: Any) -> Any:  # noqa: ANN401 - of whichever shape
    """Return a body as the route of the method would have read it.

    Raises:
        OAuthRefused: A value cannot be.
    """
    names = {each.name: each.encode_name for each in msgspec.structs.fields(shape)}
    try:
        return shaping.convert({names[name]: value for name, value in values.items()}, shape, from_attributes=True)
    except msgspec.ValidationError as wrong:
        raise OAuthRefused(error="invalid_request", error_message=f"A parameter is not valid: {wrong}.") from wrong
