"""S-SES-01, 09 to 12: what a session is, who it belongs to, and what its tokens say."""

import math
from collections import Counter
from collections.abc import Callable
from itertools import pairwise, takewhile

import pytest

from avow import Client
from avow.errors import TokenExpired
from avow.server.accesskeys import actions as access_keys
from avow.server.oidc import grants
from avow.server.oidc.grants import NewGrant, Redemption
from avow.server.oidc.rows import GrantRow
from avow.server.store import Tx
from avow.wire.accesskeys import CreateAccessKey
from tests.bed.cases import Case
from tests.factories import grant, join_tenant, make_role, make_tenant, make_user, new_email
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Person, Place, claims_of, person_of, token_of
from tests.server.oidc.relying import make_app

GRACE_SECONDS = 30
LEEWAY_SECONDS = 5
STORES = {"x-avow-stores-rotated-tokens": "1"}


def test_s_ses_01_rotation_and_reuse(case: Case, make_place: MakePlace) -> None:
    ways: dict[str, tuple[Place, dict[str, str]]] = {
        "rotation always": (make_place(rotation="always"), {}),
        "sole holder by promise": (make_place(), STORES),
        "sole holder by cookie": (make_place(refresh_token_in="cookie"), {}),
    }
    for name, (place, headers) in ways.items():
        _reuse(case, name, place, headers)
    with case.cell("a token handed to others does not rotate and is not refused"):
        place = make_place()
        token = place.sign_in().refresh_jwt
        place.advance(GRACE_SECONDS + 1)
        assert "refreshJwt" not in place.api.refresh(token).body
        place.advance(GRACE_SECONDS + 1)
        assert place.api.refresh(token).status == 200


def _reuse(case: Case, name: str, place: Place, headers: dict[str, str]) -> None:
    def sign_in(login_id: str) -> Person:
        return person_of(login_id, place.verify_code(login_id, place.send_code(login_id), headers=headers))

    login_id = new_email()
    first, other = sign_in(login_id), sign_in(login_id)

    def other_lives() -> bool:
        return place.api.me(other.refresh_jwt).status == 200

    case.control(other_lives)
    place.advance(GRACE_SECONDS + 1)
    second = _refresh_token(place.api.refresh(first.refresh_jwt))
    with case.cell(f"{name}: within the grace the one before repeats"):
        assert claims_of(_refresh_token(place.api.refresh(first.refresh_jwt))) == claims_of(second)
    place.advance(GRACE_SECONDS + 1)
    with case.cell(f"{name}: me with the old one is refused, and ends nothing"):
        assert_refused(place.api.me(first.refresh_jwt))
        assert place.api.me(second).status == 200
    with case.cell(f"{name}: reuse is refused"):
        assert_refused(place.api.refresh(first.refresh_jwt))
    with case.cell(f"{name}: the family ends"):
        before = place.rows("sessions")
        for token in (second, first.refresh_jwt):
            assert_refused(place.api.refresh(token))
            assert_refused(place.api.me(token))
        assert place.rows("sessions") == before
    with case.cell(f"{name}: the reuse is recorded, once"):
        found = [row for row in place.rows("audit_events") if "session.reuse_detected" in row]
        assert len(found) == 1
        assert first.id in found[0]


def _refresh_token(answer: Answer) -> str:
    assert answer.status == 200, answer.content
    return str(answer.body.get("refreshJwt") or answer.cookie("DSR"))


def test_s_ses_09_new_identity_on_every_sign_in(case: Case, make_place: MakePlace) -> None:
    place = make_place(refresh_token_in="cookie")
    case.control(lambda: place.sign_in())
    attacker = place.sign_in()
    planted = {
        "the attacker's own live session": {"DS": attacker.session_jwt, "DSR": attacker.refresh_jwt},
        "made-up values": {"DS": "S0000", "DSR": "S0000"},
        "an ended session": {"DS": attacker.session_jwt, "DSR": _ended(place)},
    }
    finishes: dict[str, Callable[[str, dict[str, str]], Answer]] = {
        "code": lambda who, jar: place.verify_code(who, place.send_code(who), cookies=jar),
        "magic link": lambda who, jar: place.api.post(
            "/v1/auth/magiclink/verify", body={"token": place.send_magic_link(who)}, cookies=jar
        ),
        "enchanted link": lambda who, jar: _enchanted(place, who, jar),
    }
    for what, jar in planted.items():
        for way, finish in finishes.items():
            with case.cell(f"{way}, {what}"):
                victim = person_of("", finish(new_email(), jar))
                assert victim.refresh_jwt not in jar.values()
                assert victim.session_jwt not in jar.values()
                assert victim.session_id != attacker.session_id
                assert victim.id != attacker.id
                assert place.api.get("/v1/auth/me", cookies={"DSR": victim.refresh_jwt}).body["userId"] == victim.id
                copy = place.api.get("/v1/auth/me", cookies=jar)
                assert copy.status == 401 or copy.body["userId"] == attacker.id
    with case.cell("the same person twice"):
        login_id = new_email()
        one, two = place.sign_in(login_id), place.sign_in(login_id)
        assert one.session_id != two.session_id
        assert one.refresh_jwt != two.refresh_jwt


def _ended(place: Place) -> str:
    token = place.sign_in().refresh_jwt
    assert place.api.post("/v1/auth/logout", token).status == 200
    return token


def _enchanted(place: Place, login_id: str, jar: dict[str, str]) -> Answer:
    token, pending = place.send_enchanted_link(login_id)
    assert place.api.post("/v1/auth/enchantedlink/verify", body={"token": token}).status == 200
    return place.api.post("/v1/auth/enchantedlink/pending-session", body={"pendingRef": pending}, cookies=jar)


@pytest.mark.timeout(900)  # the stated counts take minutes on two cores
def test_s_ses_10_identifiers_have_entropy(case: Case, place: Place, rounds: Callable[[int, int], int]) -> None:
    case.control(lambda: place.sign_in())
    user, login_id = make_user(place.avow), new_email()

    def opened() -> list[Person]:
        return [each for _ in range(rounds(1000, 10_000) // 500) for each in place.open_sessions(500, user)]

    def jti(person: Person) -> str:
        return str(claims_of(person.refresh_jwt)["jti"]).rpartition("-")[0]

    links = range(rounds(60, 2000))
    collections: dict[str, Callable[[], list[str]]] = {
        "session ids": lambda: [each.session_id for each in opened()],
        "refresh token ids": lambda: [jti(each) for each in opened()],
        "magic link tokens": lambda: [place.send_magic_link(login_id) for _ in links],
        "enchanted link tokens": lambda: [place.send_enchanted_link(login_id)[0] for _ in links],
        "pending references": lambda: [place.send_enchanted_link(login_id)[1] for _ in links],
        "invitation tokens": lambda: [_invitation(place) for _ in links],
        "embedded link tokens": lambda: [_embedded_link(place, login_id) for _ in links],
        "access keys": lambda: _access_keys(place, len(links)),
        "authorization codes": lambda: _grants(place, user, rounds(300, 10_000))[0],
        "OIDC refresh tokens": lambda: _grants(place, user, rounds(300, 10_000))[1],
        "request ids": lambda: [place.api.me("x").headers["x-request-id"] for _ in range(100)],
    }
    for kind, collect in collections.items():
        values = collect()
        with case.cell(f"{kind}: no duplicates, no shared prefix, at least 128 bits"):
            assert len(set(values)) == len(values)
            random_parts = [value[1:] for value in values]
            assert {value[0] for value in values} <= {"A", "S", "C", "Q", "G"}
            assert _longest_shared_prefix(random_parts[:500]) < 8
            assert min(map(len, random_parts)) * math.log2(62) >= 128
        with case.cell(f"{kind}: every character as often as the others"):
            # True randomness fails once in a thousand times, and then not again.
            assert _is_even(values) or _is_even(collect())


def _grants(place: Place, user: str, count: int) -> tuple[list[str], list[str]]:
    """Return the codes of grants, and what is secret in the refresh tokens of these, in the letters that all share."""
    session = place.open_session(user).session_id
    rp = make_app(place.avow)

    def unit(tx: Tx) -> tuple[list[str], list[str]]:
        codes, tokens = [], []
        for _ in range(100):
            new = NewGrant(
                application_id=rp.id,
                user_id=user,
                session_id=session,
                issuer="https://id.example.com/",
                scopes=("offline_access",),
                audience=(),
                redirect_uri="",
                expires_at=tx.now + 600,
                auth_time=tx.now,
                is_offline=True,
            )
            codes.append(grants.begin(tx, new))
            row = grants.spend(tx, Redemption(application_id=rp.id, code=codes[-1]))
            assert isinstance(row, GrantRow)
            tokens.append(grants.refresh_token(tx.vault, tx.project_id, row).rpartition(".")[2])
        return codes, tokens

    made = [place.avow.run(unit) for _ in range(count // 100)]
    codes, tokens = ([each for part in parts for each in part] for parts in zip(*made, strict=True))
    # The last character of a MAC in base64 has four bits; `-` and `_` are as good as any other letter.
    return codes, ["G" + each[:-1].replace("-", "").replace("_", "") for each in tokens]


def _invitation(place: Place) -> str:
    invited = new_email()
    body = {"loginId": invited, "invite": True}
    assert place.api.post("/v1/mgmt/user/create", place.avow.management_key, body).status == 200
    return token_of(place.avow.link(invited))


def _embedded_link(place: Place, login_id: str) -> str:
    """Return the token of an embedded link that creates its user."""
    body = {"loginId": f"new-{login_id}"}
    return str(place.api.post("/v1/mgmt/user/signup/embeddedlink", place.avow.management_key, body).body["token"])


def _access_keys(place: Place, count: int) -> list[str]:
    """Return new access keys without the characters of their time."""
    wanted = CreateAccessKey(name="machine")
    made = place.avow.run(lambda tx: [access_keys.create(tx, wanted, actor="test")[1] for _ in range(count)])
    return [secret[0] + secret[5:] for secret in made]


def _is_even(values: list[str]) -> bool:
    return _chi_square_p("".join(value[1:] for value in values)) > 0.001


def _longest_shared_prefix(values: list[str]) -> int:
    return max(_shared(one, next_one) for one, next_one in pairwise(sorted(values)))


def _shared(one: str, other: str) -> int:
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))


def _chi_square_p(text: str) -> float:
    """Return how likely it is that even characters fall at least as unevenly (Wilson and Hilferty's approximation)."""
    counts = Counter(text)
    expected = len(text) / 62
    statistic = sum((counts.get(each, 0) - expected) ** 2 / expected for each in counts)
    statistic += (62 - len(counts)) * expected
    freedom = 61
    z = ((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))
    return 0.5 * math.erfc(z / math.sqrt(2))


def test_s_ses_11_tenant_selection_only_for_members(case: Case, place: Place) -> None:
    mine, foreign = make_tenant(place.avow, "Mine"), make_tenant(place.avow, "Foreign")
    person = place.sign_in()
    join_tenant(place.avow, person.id, mine)

    def select(tenant: object) -> Answer:
        return place.api.post("/v1/auth/tenant/select", person.refresh_jwt, {"tenant": tenant})

    def selected() -> object:
        answer = select(mine)
        return claims_of(answer.body["sessionJwt"])["dct"] == mine

    case.control(selected)
    before = [row[3] for row in place.rows("sessions")]
    # Of a value that is no tenant id at all, the shape is refused before anybody asks who is a member.
    attempts: dict[str, tuple[object, tuple[int, ...]]] = {
        "a tenant of others": (foreign, (401, 403)),
        "a tenant that does not exist": ("T" + "0" * 26, (401, 403)),
        "an SQL text": (f"{foreign}' OR '1'='1", (401, 403)),
        "the tenant in another case": (mine.swapcase(), (401, 403)),
        "the tenant with a space": (mine + " ", (401, 403)),
        "empty": ("", (400, 401, 403)),
        "a list": ([mine, foreign], (400, 401, 403)),
        "a list of a foreign one": ([foreign], (400, 401, 403)),
        "an object": ({"id": foreign}, (400, 401, 403)),
    }
    for name, (tenant, statuses) in attempts.items():
        with case.cell(name):
            answer = select(tenant)
            assert_refused(answer, *statuses)
            assert b"Foreign" not in answer.content
            assert [row[3] for row in place.rows("sessions")] == before
            assert claims_of(place.api.refresh(person.refresh_jwt).body["sessionJwt"])["dct"] == mine


def test_s_ses_12_role_removal_takes_effect(case: Case, make_place: MakePlace) -> None:
    place = make_place(session_lifetime_seconds=120)
    tenant, person = make_tenant(place.avow), place.sign_in()
    role, own = make_role(place.avow, "admin", ["all"]), make_role(place.avow, "editor", ["write"])
    join_tenant(place.avow, person.id, tenant, [role])
    grant(place.avow, person.id, own)

    def session_token() -> str:
        return str(place.api.refresh(person.refresh_jwt).body["sessionJwt"])

    assert claims_of(session_token())["tenants"][tenant]["roles"] == ["admin"]
    case.control(lambda: bool(session_token()))
    old = session_token()
    take_role = "DELETE FROM membership_roles WHERE project_id = :project_id AND role_id = :role"
    take_own = "DELETE FROM user_roles WHERE project_id = :project_id AND role_id = :role"
    leave = "DELETE FROM memberships WHERE project_id = :project_id AND user_id = :user"
    with case.cell("the role in the tenant, in the next token"):
        place.avow.run(lambda tx: tx.run(take_role, role=role))
        held = claims_of(session_token())["tenants"][tenant]
        assert (held["roles"], held["permissions"]) == ([], [])
    with case.cell("the role of the project, in the next token and in me at once"):
        place.avow.run(lambda tx: tx.run(take_own, role=own))
        claims = claims_of(session_token())
        assert (claims["roles"], claims["permissions"]) == ([], [])
        assert place.api.me(person.refresh_jwt).body["roleNames"] == []
    with case.cell("the membership, in the next token"):
        assert place.api.post("/v1/auth/tenant/select", person.refresh_jwt, {"tenant": tenant}).status == 200
        place.avow.run(lambda tx: tx.run(leave, user=person.id))
        claims = claims_of(session_token())
        assert claims["tenants"] == {}
        assert "dct" not in claims
        assert place.api.post("/v1/auth/me/tenants", person.refresh_jwt, {}).body == {"tenants": []}
    with case.cell("a token made before lives no longer than its time"):
        assert claims_of(old)["exp"] - claims_of(old)["iat"] <= 120
        with Client(place.avow.project_id, base_url=place.http.urls[0], clock=place.avow.server.clock) as client:
            assert client.validate_session(old)["tenants"][tenant]["roles"] == ["admin"]
            place.advance(120 + LEEWAY_SECONDS)
            with pytest.raises(TokenExpired):
                client.validate_session(old)
