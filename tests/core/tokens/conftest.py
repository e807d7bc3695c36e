"""A key of each algorithm, made once, and claims that hold."""

from collections.abc import Mapping

import pytest

from avow.core.tokens import ALGORITHMS, Expected, SigningKey

NOW = 1_800_000_000


@pytest.fixture(scope="session")
def keys() -> Mapping[str, SigningKey]:
    return {algorithm: SigningKey.generate(algorithm) for algorithm in ALGORITHMS}


@pytest.fixture(params=ALGORITHMS)
def key(request: pytest.FixtureRequest, keys: Mapping[str, SigningKey]) -> SigningKey:
    return keys[request.param]


@pytest.fixture
def now() -> int:
    return NOW


@pytest.fixture
def claims() -> dict[str, object]:
    return {
        "iss": "P2qxGv4Ky8cWd1nRzT6bJhM3sLfA",
        "sub": "U2qxGv4Ky8cWd1nRzT6bJhM3sLfA",
        "drn": "DS",
        "iat": NOW,
        "exp": NOW + 600,
        "amr": ["email"],
        "name": "Zoë",
        "tenants": {"T1": {"roles": ["admin"], "permissions": []}},
    }


@pytest.fixture
def expected() -> Expected:
    return Expected(issuer="P2qxGv4Ky8cWd1nRzT6bJhM3sLfA", kinds=frozenset({"DS"}))
