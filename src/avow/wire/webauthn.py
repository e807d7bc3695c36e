"""Passkeys: the routes of WebAuthn ceremonies, the options that browsers take, and the user's own list of passkeys."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from avow.wire.bounds import Flag, LoginId, SecretReference
from avow.wire.credentials import CredentialId, Passkey
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.login import LoginOptions
from avow.wire.secret import SECRET
from avow.wire.sessions import JwtResponse
from avow.wire.users import SignUpUser

__all__ = [
    "ADD_FINISH",
    "ADD_START",
    "ENDPOINTS",
    "MINE",
    "REMOVE_MINE",
    "RENAME_MINE",
    "SIGN_IN_FINISH",
    "SIGN_IN_START",
    "SIGN_UP_FINISH",
    "SIGN_UP_OR_IN_START",
    "SIGN_UP_START",
    "AddPasskey",
    "Assertion",
    "Attestation",
    "AuthenticatorSelection",
    "CreatedCredential",
    "CreationOptions",
    "CredentialDescriptor",
    "CredentialParameter",
    "FinishPasskey",
    "OwnPasskey",
    "OwnPasskeys",
    "PasskeyAdded",
    "PasskeyTransaction",
    "PasskeyUser",
    "RelyingParty",
    "RemovePasskey",
    "RenamePasskey",
    "RequestOptions",
    "ShownCredential",
    "SignInByPasskey",
    "SignUpByPasskey",
    "SignUpOrInByPasskey",
    "ToCreate",
    "ToShow",
    "UserEntity",
]

# No lower bound: an empty one is refused by the handler, in words.
Origin = Annotated[str, Meta(max_length=320)]
LoginIdOrNothing = Annotated[str, Meta(max_length=320)]
Credential = Annotated[str, Meta(min_length=2, max_length=65_536, extra=SECRET)]
DisplayName = Annotated[str, Meta(min_length=1, max_length=64)]
Base64Url = Annotated[str, Meta(max_length=65_536)]
Word = Annotated[str, Meta(max_length=64)]


class PasskeyUser(SignUpUser, frozen=True, kw_only=True):
    """The user that a sign-up creates.

    Attributes:
        login_id: What they will sign in with, and what their device shows beside the passkey.
    """

    login_id: LoginId


class SignUpByPasskey(Shape, frozen=True, kw_only=True):
    """A new user, who is to create their first passkey.

    Attributes:
        user: Who; there has to be one.
        origin: Origin of the page that creates it, as browsers write it: `https://app.example.com`.
    """

    user: PasskeyUser | None = None
    origin: Origin

    @property
    def login_id(self) -> str:
        """Return the login ID, for the limits per login ID."""
        return self.user.login_id if self.user else ""


class SignInByPasskey(Shape, frozen=True, kw_only=True):
    """A user who is to show a passkey.

    Attributes:
        login_id: What they sign in with; empty for whichever passkey the device offers (autofill).
        origin: Origin of the page that asks.
        login_options: See there.
    """

    login_id: LoginIdOrNothing
    origin: Origin
    login_options: LoginOptions | None = None


class SignUpOrInByPasskey(Shape, frozen=True, kw_only=True):
    """A user who is to show a passkey, or to create their first one.

    Attributes:
        login_id: What they sign in with.
        origin: Origin of the page that asks.
    """

    login_id: LoginId
    origin: Origin


class AddPasskey(Shape, frozen=True, kw_only=True):
    """The user of the session, who is to create another passkey.

    Attributes:
        login_id: One of their login IDs.
        origin: Origin of the page that creates it.
        mfa: Count it as a factor of the session, and answer a new one.
    """

    login_id: LoginId
    origin: Origin
    mfa: Flag = None


class FinishPasskey(Shape, frozen=True, kw_only=True):
    """What the browser made of the options.

    Attributes:
        transaction_id: From the start; the Go client spells it `transactionID`.
        transaction_id_as_go_writes: The same, in that spelling.
        response: The credential as JSON in a string: `JSON.stringify(credential.toJSON())`.
    """

    transaction_id: SecretReference | None = None
    transaction_id_as_go_writes: SecretReference | None = field(default=None, name="transactionID")
    response: Credential

    @property
    def transaction(self) -> str:
        """Return the transaction that is meant, "" when none is named."""
        return self.transaction_id or self.transaction_id_as_go_writes or ""


class PasskeyTransaction(Shape, frozen=True, kw_only=True):
    """A ceremony that has begun.

    Attributes:
        transaction_id: To finish it with; it is the challenge, too.
        options: What the browser takes, JSON in a string: `JSON.parse(options).publicKey` is for
            `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`.
        create: A passkey is created (`navigator.credentials.create`); otherwise one is shown (`get`).
    """

    transaction_id: str
    options: str
    create: bool = False


class PasskeyAdded(Shape, frozen=True, kw_only=True):
    """The passkey is the user's; with `mfa` a new session comes with it.

    Attributes:
        jwt: That session.
    """

    jwt: Annotated[JwtResponse, Meta(extra=SECRET)] | UnsetType = UNSET


class OwnPasskey(Passkey, frozen=True, kw_only=True):
    """A passkey as its owner sees it.

    Attributes:
        last_used_time: When it last signed in, seconds since the epoch; 0 for never.
        is_backed_up: It is kept on more than one device.
    """

    last_used_time: int
    is_backed_up: bool


class OwnPasskeys(Shape, frozen=True, kw_only=True):
    """The passkeys of the session's user, the oldest first."""

    passkeys: tuple[OwnPasskey, ...] = ()


class RenamePasskey(Shape, frozen=True, kw_only=True):
    """Another name for one of the user's passkeys."""

    credential_id: CredentialId
    display_name: DisplayName


class RemovePasskey(Shape, frozen=True, kw_only=True):
    """One of the user's passkeys."""

    credential_id: CredentialId


# --- What browsers take ------------------------------------------------------------------------------------------


class RelyingParty(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the passkey is for: its domain, and a name that the device may show."""

    id: str
    name: str


class UserEntity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose the passkey is: the user handle (base64url), and what the device shows."""

    id: str
    name: str
    display_name: str


class CredentialParameter(msgspec.Struct, frozen=True, kw_only=True):
    """An algorithm that is taken, by its COSE number."""

    alg: int
    type: Literal["public-key"] = "public-key"


class CredentialDescriptor(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey: credential id (base64url), and how it can be reached."""

    id: str
    type: Literal["public-key"] = "public-key"
    transports: tuple[str, ...] | UnsetType = UNSET


class AuthenticatorSelection(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the device is asked for: a passkey that it finds without a login ID, and who verified its user."""

    user_verification: str
    resident_key: Literal["preferred", "required"] = "preferred"
    require_resident_key: bool = False


class CreationOptions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Options of `navigator.credentials.create`.

    Spec: Web Authentication Level 3, PublicKeyCredentialCreationOptionsJSON.
    """

    rp: RelyingParty
    user: UserEntity
    challenge: str
    pub_key_cred_params: tuple[CredentialParameter, ...]
    timeout: int
    exclude_credentials: tuple[CredentialDescriptor, ...]
    authenticator_selection: AuthenticatorSelection
    attestation: Literal["none"] = "none"


class RequestOptions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Options of `navigator.credentials.get`.

    Spec: Web Authentication Level 3, PublicKeyCredentialRequestOptionsJSON.
    """

    challenge: str
    timeout: int
    rp_id: str
    allow_credentials: tuple[CredentialDescriptor, ...]
    user_verification: str


class ToCreate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What stands in `options` when a passkey is created."""

    public_key: CreationOptions


class ToShow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What stands in `options` when one is shown."""

    public_key: RequestOptions


# --- What browsers answer ----------------------------------------------------------------------------------------


class Attestation(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to `create`; base64url.

    Attributes:
        client_data: What the browser says of the ceremony, JSON.
        attestation: The new key and where it lives, CBOR.
        transports: How the passkey can be reached, where the browser says so.
    """

    client_data: Base64Url = field(name="clientDataJSON")
    attestation: Base64Url = field(name="attestationObject")
    transports: Annotated[tuple[Word, ...], Meta(max_length=10)] | None = None


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to `get`; base64url.

    Attributes:
        client_data: What the browser says of the ceremony, JSON.
        authenticator_data: Relying party, flags and counter.
        signature: Of both.
        user_handle: Whose the passkey says it is; passkeys that are found without a login ID know.
    """

    client_data: Base64Url = field(name="clientDataJSON")
    authenticator_data: Base64Url = field(name="authenticatorData")
    signature: Base64Url
    user_handle: Base64Url | None = field(default=None, name="userHandle")


class CreatedCredential(msgspec.Struct, frozen=True, kw_only=True):
    """What `navigator.credentials.create` gives, as `toJSON()` writes it.

    Spec: Web Authentication Level 3, RegistrationResponseJSON.
    """

    id: Base64Url
    raw_id: Base64Url = field(name="rawId")
    type: Literal["public-key"]
    response: Attestation
    attachment: Word | None = field(default=None, name="authenticatorAttachment")


class ShownCredential(msgspec.Struct, frozen=True, kw_only=True):
    """What `navigator.credentials.get` gives, as `toJSON()` writes it.

    Spec: Web Authentication Level 3, AuthenticationResponseJSON.
    """

    id: Base64Url
    raw_id: Base64Url = field(name="rawId")
    type: Literal["public-key"]
    response: Assertion


SIGN_UP_START = Endpoint(
    "webauthn.sign_up_start",
    "POST",
    "/v1/auth/webauthn/signup/start",
    SignUpByPasskey,
    PasskeyTransaction,
    Caller.PROJECT,
)
SIGN_UP_FINISH = Endpoint(
    "webauthn.sign_up_finish", "POST", "/v1/auth/webauthn/signup/finish", FinishPasskey, JwtResponse, Caller.PROJECT
)
SIGN_IN_START = Endpoint(
    "webauthn.sign_in_start",
    "POST",
    "/v1/auth/webauthn/signin/start",
    SignInByPasskey,
    PasskeyTransaction,
    Caller.PROJECT,
)
SIGN_IN_FINISH = Endpoint(
    "webauthn.sign_in_finish", "POST", "/v1/auth/webauthn/signin/finish", FinishPasskey, JwtResponse, Caller.PROJECT
)
SIGN_UP_OR_IN_START = Endpoint(
    "webauthn.sign_up_or_in_start",
    "POST",
    "/v1/auth/webauthn/signup-in/start",
    SignUpOrInByPasskey,
    PasskeyTransaction,
    Caller.PROJECT,
)
ADD_START = Endpoint(
    "webauthn.update_start", "POST", "/v1/auth/webauthn/update/start", AddPasskey, PasskeyTransaction, Caller.SESSION
)
# The official clients send no refresh token here; one that is shown has to be of the session that began.
ADD_FINISH = Endpoint(
    "webauthn.update_finish", "POST", "/v1/auth/webauthn/update/finish", FinishPasskey, PasskeyAdded, Caller.PROJECT
)
MINE = Endpoint("webauthn.mine", "GET", "/v1/auth/avow/passkeys", Nothing, OwnPasskeys, Caller.SESSION)
RENAME_MINE = Endpoint(
    "webauthn.rename", "POST", "/v1/auth/avow/passkeys/rename", RenamePasskey, Nothing, Caller.SESSION
)
REMOVE_MINE = Endpoint(
    "webauthn.remove", "POST", "/v1/auth/avow/passkeys/remove", RemovePasskey, Nothing, Caller.SESSION
)

ENDPOINTS = (
    SIGN_UP_START,
    SIGN_UP_FINISH,
    SIGN_IN_START,
    SIGN_IN_FINISH,
    SIGN_UP_OR_IN_START,
    ADD_START,
    ADD_FINISH,
    MINE,
    RENAME_MINE,
    REMOVE_MINE,
)
