"""S-JWT-01 to S-JWT-17 and S-SDK-01 at the SDK: every forged token is refused, and genuine ones go on to count."""

from typing import Any

import pytest

from avow.errors import InvalidToken
from avow.sdk.validate import SESSION_LIFETIME_SECONDS
from tests.forgeries import Forgery, forgeries
from tests.sdk.bed import PROJECT, FakeServer


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_forged_session_tokens_are_refused(client: Any, server: FakeServer, algorithm: str) -> None:
    from avow.core.tokens import SigningKey

    server.key = SigningKey.generate(algorithm)
    server.published = [server.key]
    genuine = server.session_token()
    accepted: list[Forgery] = []
    for forgery in _forgeries(server):
        client.validate_session(genuine)
        try:
            client.validate_session(forgery.token)
        except InvalidToken:
            continue
        accepted.append(forgery)
    assert accepted == []
    assert client.validate_session(genuine)["sub"] == "U1"
    assert server.count(f"/v2/keys/{PROJECT}") <= 2


def test_forged_refresh_tokens_are_not_sent(client: Any, server: FakeServer) -> None:
    server.answer("POST /v1/auth/refresh", body=server.session_body())
    claims = server.claims().refresh_token() | {"iat": server.now}
    for forgery in forgeries(server.key, claims, max_lifetime_seconds=3650 * 86400):
        with pytest.raises(InvalidToken):
            client.refresh_session(forgery.token)
    assert server.count("/v1/auth/refresh") == 0
    assert client.refresh_session(server.refresh_token())["userId"] == "U1"


def test_forged_tokens_do_not_count_beside_the_seen_one(client: Any, server: FakeServer) -> None:
    """A cache keyed by less than the whole token would take these for the token that was seen."""
    genuine = server.session_token()
    client.validate_session(genuine)
    head, payload, signature = genuine.split(".")
    other = server.session_token("U2").split(".")
    spliced = (
        f"{head}.{payload}.{other[2]}",
        f"{head}.{other[1]}.{signature}",
        genuine + "=",
        genuine + "\n",
        f" {genuine}",
        genuine[:-1],
        f"{genuine}.",
    )
    for token in spliced:
        with pytest.raises(InvalidToken):
            client.validate_session(token)


def _forgeries(server: FakeServer) -> list[Forgery]:
    claims = server.claims().session_token()
    return list(forgeries(server.key, claims, max_lifetime_seconds=SESSION_LIFETIME_SECONDS))
