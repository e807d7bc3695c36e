"""Hashes that other implementations made, with the passwords they are of: each form of an import verifies."""

from typing import Any

import msgspec
import pytest

from avow.core.passwords import imported, needs_rehash, verify
from avow.wire.hashes import HashedPassword

FIREBASE = {
    "hash": "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
    "salt": "42xEC+ixf3L2lw==",
    "saltSeparator": "Bw==",
    "signerKey": "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
    "memory": 14,
    "rounds": 8,
}
RFC_6070 = {"hash": "SwB5AbdlSJq+rUnZJvch0GWkKcE=", "salt": "c2FsdA==", "iterations": 4096, "type": "sha1"}
RFC_7914_PBKDF2 = {
    "hash": "VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw==",
    "salt": "c2FsdA==",
    "iterations": 1,
    "type": "sha256",
}
RFC_7914 = {
    "hash": "cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw==",
    "salt": "U29kaXVtQ2hsb3JpZGU=",
    "cost": 16384,
    "blockSize": 8,
    "parallelism": 1,
}
ARGON2ID = {
    "hash": "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc=",
    "salt": "c29tZXNhbHQ=",
    "iterations": 2,
    "memory": 65536,
    "threads": 1,
}
LETMEIN = "l\u00e8tmein"

VECTORS: list[tuple[str, dict[str, Any], str]] = [
    ("RFC 6070, PBKDF2 with SHA-1", {"pbkdf2": RFC_6070}, "password"),
    ("RFC 7914 section 11, PBKDF2 with SHA-256", {"pbkdf2": RFC_7914_PBKDF2}, "passwd"),
    ("RFC 7914 section 12, scrypt", {"scrypt": RFC_7914}, "pleaseletmein"),
    ("Argon2's reference, argon2id in parts", {"argon2": ARGON2ID}, "password"),
    (
        "Argon2's reference, argon2i",
        {"argon2": {"hash": "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"}},
        "password",
    ),
    (
        "crypt_blowfish",
        {"bcrypt": {"hash": "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}},
        "U*U",
    ),
    ("firebase/scrypt, README", {"firebase": FIREBASE}, "user1password"),
    ("phpass", {"phpass": {"hash": "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"}}, "test12345"),
    (
        "phpass in parts",
        {"phpass": {"hash": "eRo7ud9Fh4E2PdI0S3r.L0", "salt": "IQRaTwmf", "iterations": 2048, "type": "md5"}},
        "test12345",
    ),
    ("MD5", {"md5": {"hash": "5F4DCC3B5AA765D61D8327DEB882CF99"}}, "password"),
    ("SHA-1", {"sha": {"hash": "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "type": "sha1"}}, "password"),
    (
        "SHA-256, salt after the password",
        {
            "sha": {
                "hash": "7a37b85c8918eac19a9089c0fa5a2ab4dce3f90528dcdeec108b23ddf3607b99",
                "type": "sha256",
                "salt": "salt",
                "saltAt": "after",
            }
        },
        "password",
    ),
    (
        "Django, PBKDF2",
        {"django": {"hash": "pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY="}},
        LETMEIN,
    ),
    ("Django, MD5", {"django": {"hash": "md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3"}}, LETMEIN),
    ("Django, SHA-1", {"django": {"hash": "sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8"}}, LETMEIN),
    ("Django, MD5 without a salt", {"django": {"hash": "88a434c88cca4e900f7874cd98123f43"}}, LETMEIN),
    ("Django, SHA-1 without a salt", {"django": {"hash": "sha1$$6d138ca3ae545631b3abd71a4f076ce759c5700b"}}, LETMEIN),
    (
        "Django, scrypt",
        {
            "django": {
                "hash": "scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdV"
                "CBhhY8mx7rQwite/Pw=="
            }
        },
        LETMEIN,
    ),
]


@pytest.mark.parametrize(("form", "password"), [row[1:] for row in VECTORS], ids=[row[0] for row in VECTORS])
def test_hash_of_another_implementation_verifies(form: dict[str, Any], password: str) -> None:
    stored = imported(msgspec.convert(form, HashedPassword))
    assert stored is not None
    assert verify(stored, password)
    for other in (password + "!", password[:-1], password.swapcase(), ""):
        assert not verify(stored, other)
    assert needs_rehash(stored)
