"""Users of Keycloak: what `kc.sh export --users same_file` (or `realm_file`) writes."""

from typing import Any, Final

from avow.core.imports.context import Context
from avow.core.imports.moments import first, seconds_of
from avow.core.imports.own import unwrapped
from avow.core.imports.people import Found
from avow.core.imports.records import object_in, objects_in, texts_in, user_of
from avow.errors import AuthException, InvalidArgument
from avow.wire import codec

__all__ = ["found"]

# What every user of Keycloak has.
_USUAL_ROLES: Final = ("offline_access", "uma_authorization")
_DEFAULTS: Final = "default-roles-"
_PBKDF2: Final = {"pbkdf2": "sha1", "pbkdf2-sha256": "sha256", "pbkdf2-sha512": "sha512"}


def found(data: bytes, context: Context) -> Found | None:
    """Read a user of a realm; None for the account of a service, which signs in with a client's secret."""
    record = codec.decode(dict[str, Any], unwrapped(data))
    if record.get("serviceAccountClientId"):
        return None
    nick, email, user_id = (first(record.get(name)) for name in ("username", "email", "id"))
    login_ids = [each for each in (nick, email) if each]
    names = (first(record.get("firstName")), first(record.get("lastName")))
    user = user_of(
        {
            "loginIds": login_ids[:1],
            "email": email,
            "verifiedEmail": (bool(email) and record.get("emailVerified") is True) or None,
            "givenName": names[0],
            "familyName": names[1],
            "displayName": " ".join(filter(None, names)),
            "status": "disabled" if record.get("enabled") is False else None,
            "roleNames": _roles(record) if context.takes_roles else [],
            "customAttributes": _attributes(record.get("attributes")),
            "externalIds": [user_id] if user_id else [],
            "createdTime": seconds_of(record.get("createdTimestamp")),
            "hashedPassword": _password(record),
        }
    )
    return Found(user, spare_login_ids=tuple(login_ids[1:]), is_lenient=True, has_texts=True)


def _roles(record: dict[str, Any]) -> list[str]:
    names = texts_in(record.get("realmRoles"))
    return [name for name in names if name not in _USUAL_ROLES and not name.startswith(_DEFAULTS)]


def _attributes(value: object) -> dict[str, object]:
    """Return attributes, of which Keycloak keeps lists; a list of one is that one."""
    lists = {name: texts_in(listed) for name, listed in object_in(value).items()}
    return {name: listed[0] if len(listed) == 1 else listed for name, listed in lists.items() if listed}


def _password(record: dict[str, Any]) -> dict[str, object] | None:
    for credential in objects_in(record.get("credentials")):
        if credential.get("type") == "password":
            return _hashed(_inner(credential.get("secretData")), _inner(credential.get("credentialData")))
    return None


def _hashed(secret: dict[str, Any], kind: dict[str, Any]) -> dict[str, object]:
    algorithm, iterations = first(kind.get("algorithm")), kind.get("hashIterations")
    parts = {"hash": first(secret.get("value")), "salt": first(secret.get("salt")), "iterations": iterations}
    if algorithm in _PBKDF2:
        return {"pbkdf2": {**parts, "type": _PBKDF2[algorithm]}}
    if algorithm == "argon2":
        more = {name: first(*texts_in(value)) for name, value in object_in(kind.get("additionalParameters")).items()}
        costs = {"memory": more.get("memory"), "threads": more.get("parallelism")}
        return {"argon2": {**parts, **costs, "type": f"argon2{more.get('type') or 'id'}"}}
    raise InvalidArgument(error_message=f"Password hashes of {algorithm[:32]!r} are not taken from Keycloak.")


def _inner(value: object) -> dict[str, Any]:
    """Return an object that stands in a text as JSON."""
    if not isinstance(value, str):
        return object_in(value)
    try:
        return codec.decode(dict[str, Any], value.encode())
    except AuthException:
        raise InvalidArgument(error_message="The credential of Keycloak cannot be read.") from None
