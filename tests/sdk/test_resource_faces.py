"""The same API in Flask, Django, FastAPI and before an MCP server: the same tokens, the same refusals."""

from typing import Any

import pytest

from avow.core.tokens import SigningKey
from tests.issuing import FACES, NEEDS, Answer, Ask, Issuer, Place, bearer, proof

SCENES: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "a token with every right": ({}, dict.fromkeys(NEEDS, 200)),
    "one without the permission": ({"permissions": []}, {"/any": 200, "/admin": 403, "/write": 200}),
    "one without the scope": ({"scope": "openid"}, {"/any": 200, "/admin": 200, "/write": 403}),
    "a machine's": ({"sub": "shop@clients"}, {"/any": 200, "/people": 403, "/admin": 200}),
    "one of another API": ({"aud": "https://other.example.com"}, dict.fromkeys(NEEDS, 401)),
    "one that ended": ({"exp": 1}, dict.fromkeys(NEEDS, 401)),
}


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(params=FACES)
def face(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def of(face: str, issuer: Issuer, **more: Any) -> Ask:
    return FACES[face](Place.of(issuer), **more)


@pytest.mark.parametrize("scene", SCENES)
def test_views_let_in_whom_they_should(face: str, issuer: Issuer, scene: str) -> None:
    said, expected = SCENES[scene]
    ask = of(face, issuer)
    for path, status in expected.items():
        answer: Answer = ask(path, bearer(issuer.token(**said)))
        assert answer.status == status, (path, answer)
        if status == 200:
            assert answer.body == {"subject": said.get("sub", "U1")}


def test_refusals_have_status_sentence_and_challenge(face: str, issuer: Issuer) -> None:
    ask = of(face, issuer)
    answers = {
        "stranger": ask("/admin"),
        "nonsense": ask("/any", bearer("nonsense")),
        "malformed": ask("/any", [("Authorization", "Bearer a b")]),
        "twice": ask("/any", [*bearer(issuer.token()), *bearer(issuer.token())]),
        "not enough": ask("/write", bearer(issuer.token(scope=""))),
    }
    issuer.now += 3600
    issuer.is_away = True
    answers["away"] = ask("/any", bearer(issuer.token()))
    assert {name: each.status for name, each in answers.items()} == {
        "stranger": 401,
        "nonsense": 401,
        "malformed": 400,
        "twice": 400,
        "not enough": 403,
        "away": 503,
    }
    challenges = {
        "stranger": 'scope="read:admin"',
        "nonsense": 'error="invalid_token"',
        "malformed": 'error="invalid_request"',
        "twice": 'error="invalid_request"',
        "not enough": 'error="insufficient_scope"',
    }
    for name, text in challenges.items():
        assert answers[name].challenge.startswith('Bearer realm="api"'), name
        assert text in answers[name].challenge, name
    assert ("error=" in answers["stranger"].challenge, answers["away"].headers["retry-after"]) == (False, "2")
    for answer in answers.values():
        assert answer.headers["cache-control"] == "no-store"
        assert answer.body.keys() <= {"error", "detail"}


def test_bound_token_is_checked_at_the_address_of_the_view(face: str, issuer: Issuer) -> None:
    holder = SigningKey.generate("ES256")
    ask, token = of(face, issuer), issuer.token(cnf={"jkt": holder.kid})

    def show(**changes: Any) -> Answer:
        return ask("/any", [("Authorization", f"DPoP {token}"), ("DPoP", proof(holder, token, issuer.now, **changes))])

    assert show().status == 200
    assert show(htu="https://api.example.com/other").challenge.startswith(
        'DPoP realm="api", error="invalid_dpop_proof"'
    )
    assert ask("/any", bearer(token)).challenge.startswith('DPoP realm="api", error="invalid_token"')


SPELLINGS = [
    ("/any", "https://api.example.com:443/any"),
    ("/any", "HTTPS://API.example.com/any?q=1"),
    ("/any/a%2Fb", "https://api.example.com/any/a%2Fb"),
    ("/any/caf%C3%A9", "https://api.example.com/any/caf%c3%a9"),
    ("/any/a%7Eb", "https://api.example.com/any/a~b"),
    ("/any/100%25", "https://api.example.com/any/100%25"),
    ("/any/%2541", "https://api.example.com/any/%2541"),
    ("/any/a%3Fb%23c", "https://api.example.com/any/a%3Fb%23c"),
    ("/any/a;b='c'", "https://api.example.com/any/a;b='c'"),
]


def test_address_of_a_proof_may_be_spelt_otherwise_and_names_no_other_view(face: str, issuer: Issuer) -> None:
    holder = SigningKey.generate("ES256")
    ask, token = of(face, issuer), issuer.token(cnf={"jkt": holder.kid})

    def status(path: str, htu: str) -> int:
        made = proof(holder, token, issuer.now, htu=htu)
        return ask(path, [("Authorization", f"DPoP {token}"), ("DPoP", made)]).status

    assert {each: status(*each) for each in SPELLINGS} == dict.fromkeys(SPELLINGS, 200)
    others = [
        ("/any/%2541", "https://api.example.com/any/A"),
        ("/any/a%3Fb", "https://api.example.com/any/a"),
        ("/any", "https://api.example.com:8443/any"),
        ("/any", "http://api.example.com:443/any"),
        ("/any", "https://["),
    ]
    assert {each: status(*each) for each in others} == dict.fromkeys(others, 401)


def test_names_are_lists(face: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NEEDS, "/any", {"permissions": "read:admin"})
    with pytest.raises(ValueError, match="lists of names"):
        of(face, issuer)("/any")
