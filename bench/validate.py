"""What it costs to validate one session token: our verifier beside a bare signature check, PyJWT and the official SDK.

    python -m bench.validate [--rounds 9] [--algorithms ES256,RS256]

A candidate is a function that takes a `Case` and returns the work to time. Add one to `CANDIDATES`, and its bar, if it
has one, to `BARS`.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import cycle
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from descope import DescopeClient

from avow import Client
from avow.clock import system_clock
from avow.core.tokens import Expected, KeySet, SigningKey, sign, verify
from bench.rounds import Work, compare, report

__all__ = ["BARE", "BARS", "CANDIDATES", "Case", "main"]

BARE = "bare signature check"
OFFICIAL = "descope validate_session"
UNSEEN = 4200  # more than a client remembers
PROJECT = "P2qxGv4Ky8cWd1nRzT6bJhM3sLfA"


@dataclass(frozen=True)
class Case:
    """One algorithm's key and tokens.

    Attributes:
        algorithm: "ES256", "RS256" or "EdDSA".
        now: When the tokens were made.
        key: Signs them.
    """

    algorithm: str
    now: int = field(default_factory=system_clock)
    key: SigningKey = field(init=False)

    def __post_init__(self) -> None:
        """Make the key."""
        object.__setattr__(self, "key", SigningKey.generate(self.algorithm))

    @cached_property
    def token(self) -> str:
        """Return a token, the same at each reading."""
        return self.tokens(1)[0]

    def tokens(self, count: int) -> list[str]:
        """Return different tokens, as many as a cache of seen ones has to be defeated by."""
        return [sign(self.key, _claims(self.now, serial)) for serial in range(count)]


def _claims(now: int, serial: int) -> dict[str, object]:
    """Return claims of the size that a session in two tenants has."""
    rights = ["documents.read", "documents.write", "users.invite", "billing.view"]
    return {
        "iss": PROJECT,
        "sub": "U2qxGv4Ky8cWd1nRzT6bJhM3sLfA",
        "drn": "DS",
        "iat": now,
        "exp": now + 6 * 3600,
        "rexp": "2037-01-01T00:00:00Z",
        "jti": f"J{serial:026d}",
        "amr": ["email"],
        "email": "jane.doe@example.com",
        "name": "Jane Doe",
        "roles": ["Tenant Admin", "editor"],
        "permissions": rights,
        "dct": "T2qxGv4Ky8cWd1nRzT6bJhM3sLfA",
        "tenants": {
            "T2qxGv4Ky8cWd1nRzT6bJhM3sLfA": {"roles": ["Tenant Admin"], "permissions": rights},
            "T3raHw5Lz9dXe2oSaU7cKiN4tMgB": {"roles": ["viewer"], "permissions": rights[:1]},
        },
    }


def _bare(case: Case) -> Work:
    """Return the least that any verifier does: one signature check of parts that are already taken apart."""
    message, _, text = case.token.rpartition(".")
    signature, data = jwt.utils.base64url_decode(text), message.encode()
    public: Any = case.key.public
    if case.algorithm == "RS256":
        pkcs1, sha256 = padding.PKCS1v15(), hashes.SHA256()
        return lambda: public.verify(signature, data, pkcs1, sha256)
    if case.algorithm == "EdDSA":
        return lambda: public.verify(signature, data)
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    ecdsa = ec.ECDSA(hashes.SHA256())
    return lambda: public.verify(der, data, ecdsa)


def _core(case: Case) -> Work:
    keys, expected = KeySet.of([case.key]), Expected(issuer=PROJECT, kinds=frozenset({"DS"}))
    turns = cycle(case.tokens(64))
    return lambda: verify(next(turns), keys, expected, case.now)


def _core_with_claims(case: Case) -> Work:
    keys, expected = KeySet.of([case.key]), Expected(issuer=PROJECT, kinds=frozenset({"DS"}))
    return lambda: verify(case.token, keys, expected, case.now).claims()


def _pyjwt(case: Case) -> Work:
    public: Any = case.key.public
    return lambda: jwt.decode(case.token, public, algorithms=[case.algorithm], issuer=PROJECT)


def _official(case: Case) -> Work:
    client = DescopeClient(project_id=PROJECT, public_key=json.loads(case.key.public_jwk()))
    return lambda: client.validate_session(case.token)


def _unseen(case: Case) -> Work:
    """Return validation through the client of tokens that it does not remember: more of them than its cache holds."""
    client = _client(case)
    turns = cycle(case.tokens(UNSEEN))
    return lambda: client.validate_session(next(turns))


def _seen(case: Case) -> Work:
    """Return validation through the client of a token that it remembers; each request brings a text of its own."""
    client, token = _client(case), case.token.encode()
    client.validate_session(case.token)
    return lambda: client.validate_session(token.decode())


def _client(case: Case) -> Client:
    return Client(PROJECT, public_key=case.key.public_jwk())


CANDIDATES: Mapping[str, Callable[[Case], Work]] = {
    BARE: _bare,
    "avow.core.tokens.verify": _core,
    "avow.core.tokens.verify, claims()": _core_with_claims,
    f"PyJWT {jwt.__version__} decode": _pyjwt,
    OFFICIAL: _official,
    "Client.validate_session, unseen": _unseen,
    "Client.validate_session, seen": _seen,
}

# The most that a candidate may take with ES256 or RS256, as a ratio to the bare check of ES256.
BARS: Mapping[str, float] = {
    "avow.core.tokens.verify": 1.5,
    "avow.core.tokens.verify, claims()": 1.5,
    "Client.validate_session, unseen": 1.5,
}
# The same as a ratio to the official SDK.
OFFICIAL_BARS: Mapping[str, float] = {
    "Client.validate_session, unseen": 0.25,
    "Client.validate_session, seen": 1 / 80,
}


def main(arguments: list[str] | None = None) -> bool:
    """Print the ratios of each algorithm to the bare ES256 check, and say whether every bar is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--algorithms", default="ES256,RS256")
    options = parser.parse_args(arguments)
    yardstick = "bare ES256 signature check"
    kept = True
    for algorithm in options.algorithms.split(","):
        case = Case(algorithm)
        works = {yardstick: _bare(Case("ES256"))} if algorithm != "ES256" else {}
        works |= {name: make(case) for name, make in CANDIDATES.items()}
        rows = compare(works, yardstick if algorithm != "ES256" else BARE, rounds=options.rounds)
        title = f"Validate {algorithm}, {len(case.token)} bytes (ratio to a bare ES256 signature check)"
        kept &= report(title, rows, BARS if algorithm != "EdDSA" else None)
        if algorithm != "EdDSA":  # the official SDK is measured with what its own tests and our projects use
            works = {name: CANDIDATES[name](case) for name in (OFFICIAL, *OFFICIAL_BARS)}
            title = f"Validate {algorithm} beside the official SDK (ratio to it)"
            kept &= report(title, compare(works, OFFICIAL, rounds=options.rounds), OFFICIAL_BARS)
    return kept


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
