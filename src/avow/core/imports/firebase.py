"""Users of Firebase: what `firebase auth:export --format=json` writes, with the hash parameters of the project."""

from typing import Any

from avow.core.imports.context import Context
from avow.core.imports.moments import first, seconds_of
from avow.core.imports.own import unwrapped
from avow.core.imports.people import Found
from avow.core.imports.records import object_in, user_of
from avow.errors import AuthException, InvalidArgument
from avow.wire import codec

__all__ = ["found"]


def found(data: bytes, context: Context) -> Found:
    """Read a user of Firebase.

    Raises:
        InvalidArgument: They have a password, and the parameters of the project are not known; or neither address,
            number nor id.
    """
    record = codec.decode(dict[str, Any], unwrapped(data))
    email, phone, local_id = (first(record.get(name)) for name in ("email", "phoneNumber", "localId"))
    login_ids = [each for each in (email, phone) if each] or [local_id]
    user = user_of(
        {
            "loginIds": [each for each in login_ids[:1] if each],
            "email": email,
            "verifiedEmail": record.get("emailVerified") is True or None,
            "phone": phone,
            "verifiedPhone": bool(phone) or None,  # Firebase keeps no number that was not proven
            "displayName": first(record.get("displayName")),
            "picture": first(record.get("photoUrl")),
            "status": "disabled" if record.get("disabled") is True else None,
            "customAttributes": _claims(record.get("customAttributes")),
            "externalIds": [local_id] if local_id else [],
            "createdTime": seconds_of(record.get("createdAt")),
            **_password(record, context),
        }
    )
    return Found(user, spare_login_ids=tuple(login_ids[1:]), is_lenient=True)


def _claims(value: object) -> dict[str, Any]:
    if not isinstance(value, str) or not value:
        return object_in(value)
    try:
        return codec.decode(dict[str, Any], value.encode())
    except AuthException:
        return {}


def _password(record: dict[str, Any], context: Context) -> dict[str, object]:
    hashed = first(record.get("passwordHash"))
    if not hashed:
        return {}
    parameters = context.firebase
    if parameters is None:
        raise InvalidArgument(error_message="A password hash of Firebase needs the hash parameters of its project.")
    return {
        "hashedPassword": {
            "firebase": {
                "hash": hashed,
                "salt": first(record.get("salt")),
                "saltSeparator": parameters.salt_separator,
                "signerKey": parameters.signer_key,
                "memory": parameters.memory,
                "rounds": parameters.rounds,
            }
        }
    }
