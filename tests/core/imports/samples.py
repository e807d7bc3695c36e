"""Exports of other systems, small and whole; everybody's password is `user1password`."""

import base64
import hashlib
import json

import bcrypt

PASSWORD = "user1password"

BCRYPT = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
_KEY = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b"salt5678", 1000)
DJANGO = f"pbkdf2_sha256$1000$salt5678${base64.b64encode(_KEY).decode()}"

# The example of Firebase's own page about its hashes.
FIREBASE_PARAMETERS = b"""hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}
"""

FIREBASE = json.dumps(
    {
        "users": [
            {
                "localId": "abc",
                "email": "mia@example.com",
                "emailVerified": True,
                "passwordHash": (
                    "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="
                ),
                "salt": "42xEC+ixf3L2lw==",
                "displayName": "Mia Moe",
                "phoneNumber": "+12025550123",
                "createdAt": "1500000000123",
                "customAttributes": '{"plan": "gold", "unknown": 1}',
                "providerUserInfo": [],
            },
            {"localId": "def", "email": "zoe@example.com", "emailVerified": False, "disabled": True},
        ]
    },
    indent=1,
).encode()

AUTH0 = b"\n".join(
    json.dumps(each).encode()
    for each in (
        {
            "user_id": "auth0|1",
            "email": "mia@example.com",
            "email_verified": True,
            "username": "mia",
            "name": "mia@example.com",
            "given_name": "Mia",
            "created_at": "2020-01-02T03:04:05.678Z",
            "app_metadata": {"plan": "gold"},
            "user_metadata": {"colour": "red"},
        },
        {"Id": "auth0|2", "Email": "zoe@example.com", "Email Verified": "false", "Blocked": True},
    )
)
AUTH0_HASHES = b"\n".join(
    json.dumps(each).encode()
    for each in (
        {"_id": {"$oid": "1"}, "email": "mia@example.com", "passwordHash": BCRYPT},
        {"_id": {"$oid": "9"}, "email": "Zoe@example.com", "passwordHash": BCRYPT},
    )
)

DJANGO_DUMP = json.dumps(
    [
        {"model": "auth.group", "pk": 1, "fields": {"name": "Editors", "permissions": []}},
        {
            "model": "auth.user",
            "pk": 7,
            "fields": {
                "password": DJANGO,
                "last_login": None,
                "username": "mia",
                "first_name": "Mia",
                "last_name": "Moe",
                "email": "mia@example.com",
                "is_staff": True,
                "is_superuser": False,
                "is_active": True,
                "date_joined": "2020-01-02T03:04:05Z",
                "groups": [["Editors"]],
            },
        },
        {
            "model": "people.person",
            "pk": "0b",
            "fields": {"password": "!unusable", "last_login": None, "email": "zoe@example.com", "is_active": False},
        },
    ]
).encode()

KEYCLOAK = json.dumps(
    {
        "realm": "shop",
        "roles": {"realm": [{"name": "Editor"}], "users": [1, "]", {}]},
        "users": [
            {
                "id": "k-1",
                "username": "mia",
                "email": "mia@example.com",
                "emailVerified": True,
                "enabled": True,
                "firstName": "Mia",
                "lastName": "Moe",
                "createdTimestamp": 1500000000123,
                "attributes": {"plan": ["gold"], "other": ["x", "y"]},
                "credentials": [
                    {
                        "type": "password",
                        "secretData": json.dumps(
                            {
                                "value": base64.b64encode(
                                    hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), b"keycloak", 1000)
                                ).decode(),
                                "salt": base64.b64encode(b"keycloak").decode(),
                            }
                        ),
                        "credentialData": json.dumps({"hashIterations": 1000, "algorithm": "pbkdf2-sha512"}),
                    }
                ],
                "realmRoles": ["offline_access", "default-roles-shop", "Editor"],
            },
            {"id": "k-2", "username": "service-account-x", "serviceAccountClientId": "x", "enabled": True},
        ],
    }
).encode()

TABLE = f"""Login ID,email,verified_email,Name,Role Names,tenants,attribute:plan,attribute:seats,password_hash
mia,mia@example.com,true,"Moe, Mia",Editor;Viewer,acme=Editor|Viewer;other,gold,7,{BCRYPT}
zoe,,,"Zoe
of two lines",,,,,
""".encode()
