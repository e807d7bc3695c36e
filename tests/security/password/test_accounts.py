"""Whose a password is: S-IDN-01 and 04, S-AUZ-05, 06, 09 and 10, S-SES-04, 05 and 09, S-TYP-06, as far as owed here."""

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.bed.cases import Case
from tests.factories import make_tenant, make_totp_seed, new_email
from tests.security.authorization.test_impersonation import PRIVILEGED
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.password.people import (
    GOOD,
    NEW,
    SIGN_IN,
    SIGN_UP,
    UPDATE,
    Owner,
    make_owner,
    sign_up,
    stored,
    take,
)
from tests.security.place import Place, claims_of, person_of
from tests.security.token_type.test_token_type import RESERVED

SQUATTED = "of whoever came first"


def _status(place: Place, owner: Owner, status: str) -> None:
    body = {"loginId": owner.login_id, "status": status}
    assert place.api.post("/v1/mgmt/user/update/status", place.avow.management_key, body).status == 200


def test_s_idn_01_password_of_whoever_signed_up_before(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: make_owner(place).send().status == 200)
    comes: dict[str, Callable[[str], str]] = {
        "code": lambda who: place.sign_in(who).refresh_jwt,
        "magic link": lambda who: _by_link(place, who),
        "enchanted link": lambda who: _by_enchanted_link(place, who),
        "reset": lambda who: str(take(place, Owner(place, "", who).reset()).body["refreshJwt"]),
    }
    with case.cell("password set before"):
        for come in comes.values():
            address = new_email()
            attacker = person_of(address, sign_up(place, address, SQUATTED))
            token = come(address)
            assert place.api.me(token).body["verifiedEmail"] is True
            assert place.api.me(token).body["password"] is False
            _assert_out(place, attacker.refresh_jwt, address, SQUATTED)
            assert place.api.refresh(token).status == 200
    with case.cell("password changed in the attacker's session before the owner came"):
        address = new_email()
        attacker = person_of(address, sign_up(place, address, SQUATTED))
        squatter = Owner(place, attacker.id, address, SQUATTED)
        assert squatter.update(attacker.refresh_jwt).status == 200
        place.sign_in(address)
        _assert_out(place, attacker.refresh_jwt, address, NEW)
    with case.cell("password replaced by the attacker before the owner came"):
        address = new_email()
        attacker = person_of(address, sign_up(place, address, SQUATTED))
        again = Owner(place, attacker.id, address, SQUATTED).replace(SQUATTED)
        place.sign_in(address)
        _assert_out(place, again.body["refreshJwt"], address, NEW)
    with case.cell("the owner sets a password, and it stays"):
        address = new_email()
        sign_up(place, address, SQUATTED)
        owner = place.sign_in(address)
        mine = Owner(place, owner.id, address, NEW)
        assert mine.update(owner.refresh_jwt).status == 200
        place.sign_in(address)
        assert mine.send().status == 200
    with case.cell("the owner signs up, proves the address in that session, and keeps the password"):
        address = new_email()
        owner = person_of(address, sign_up(place, address))
        body = {"loginId": address, "email": address}
        assert place.api.post("/v1/auth/otp/update/email", owner.refresh_jwt, body).status == 200
        assert place.verify_code(address, place.avow.code(address)).body["user"]["verifiedEmail"] is True
        place.sign_in(address)
        assert Owner(place, owner.id, address).send().status == 200
    with case.cell("what management set stays when the owner comes"):
        owner_of_imported = make_owner(place, is_verified=False)
        place.sign_in(owner_of_imported.login_id)
        assert owner_of_imported.send().status == 200
    with case.cell("a name that somebody signed up under, with the owner's address on file"):
        address, name = new_email(), f"name-{new_email().partition('@')[0]}"
        assert sign_up(place, name, SQUATTED, user={"email": address}).status == 200
        owner = place.sign_in(address)
        assert place.api.me(owner.refresh_jwt).body["loginIds"] == [address]
        assert Owner(place, "", address).send(SQUATTED).status == 401


def _assert_out(place: Place, refresh_jwt: str, address: str, password: str) -> None:
    assert_refused(place.api.refresh(refresh_jwt))
    assert_refused(place.api.me(refresh_jwt))
    gone = Owner(place, "", address, password)
    assert_refused(gone.send(), code="E062901")
    assert_refused(gone.replace(password))
    assert_refused(gone.update(refresh_jwt))


def _by_link(place: Place, login_id: str) -> str:
    return str(take(place, place.send_magic_link(login_id)).body["refreshJwt"])


def _by_enchanted_link(place: Place, login_id: str) -> str:
    token, pending = place.send_enchanted_link(login_id)
    assert place.api.post("/v1/auth/enchantedlink/verify", body={"token": token}).status == 200
    answer = place.api.post("/v1/auth/enchantedlink/pending-session", body={"pendingRef": pending})
    return str(answer.body["refreshJwt"])


def test_s_idn_04_case_and_space_of_a_sign_up_by_password(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: sign_up(place, new_email()).status == 200)
    name = new_email("alice").partition("@")[0]
    address = f"{name}@example.com"
    assert sign_up(place, address).status == 200
    with case.cell("password"):
        for spelling in (address.upper(), f" {address}", f"{address} ", f"{name.title()}@Example.com"):
            before = stored(place)
            assert_refused(sign_up(place, spelling), 400, code="E062107")
            assert stored(place) == before
            assert Owner(place, "", spelling).send().status == 200
        for spelling in (f"{address}\n", f"{address}.", f"{address}\r", f"\t{address}\u200b"):
            before = stored(place)
            for answer in (sign_up(place, spelling), Owner(place, "", spelling).send()):
                assert answer.status in (200, 400)
                if answer.status == 400:
                    assert answer.body["errorCode"] in ("E062107", "E011003", "E011004")
            assert len(stored(place)["users"]) == len(before["users"])


def test_s_auz_05_mass_assignment_at_a_sign_up_by_password(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: sign_up(place, new_email()).status == 200)
    make_tenant(place.avow, tenant_id="T1")
    with case.cell("password sign-up with privileged fields"):
        login_id, number = new_email(), "+12025550147"
        answer = sign_up(place, login_id, **{**PRIVILEGED, "user": {**PRIVILEGED, "name": "Mia", "phone": number}})
        assert answer.status == 200, answer.content
        user = place.api.get(f"/v1/mgmt/user?loginId={login_id}", place.avow.management_key).body["user"]
        assert (user["userId"], user["name"]) == (answer.body["user"]["userId"], "Mia")
        assert user["userId"] != "Uattacker"
        assert (user["roleNames"], user["permissions"], user["userTenants"]) == ([], [], [])
        assert (user["verifiedEmail"], user["verifiedPhone"], user["test"]) == (False, False, False)
        assert user["customAttributes"] == {}
        assert user["createdTime"] > 1
        assert not claims_of(answer.body["sessionJwt"]).get("roles")
    with case.cell("password sign-in with privileged fields"):
        again = Owner(place, "", login_id).send(**{key: value for key, value in PRIVILEGED.items()})
        assert again.body["user"]["roleNames"] == []


def test_s_auz_06_password_of_another_user(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: make_owner(place).replace(GOOD).status == 200)
    mine, theirs = make_owner(place, NEW), make_owner(place)
    token = mine.sign_in().refresh_jwt
    before = stored(place)["passwords"]
    with case.cell("password of another user"):
        assert_refused(theirs.update(token, "mine from now on"))
        body = {"loginId": mine.login_id, "userId": theirs.id, "newPassword": "mine from now on"}
        assert place.api.post(UPDATE, token, body).status == 200
        for options in ({}, {"stepup": True}, {"mfa": True}):
            assert_refused(theirs.send(NEW, token, loginOptions=options))
            assert_refused(theirs.send("mine from now on", token, loginOptions=options))
        assert_refused(theirs.send(token=token, loginOptions={"mfa": True}))
    with case.cell("password of another user: it has not changed"):
        after = stored(place)["passwords"]
        assert [row for row in after if theirs.id in row] == [row for row in before if theirs.id in row]
        assert theirs.send().status == 200


def test_s_auz_09_password_in_an_impersonated_session(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: make_owner(place).send().status == 200)
    owner, helper = make_owner(place), place.sign_in()
    acting = place.open_session(owner.id, login_id=owner.login_id, amr=("pwd",), impersonator=helper.id)
    before = stored(place)
    calls: dict[str, Callable[[], Answer]] = {
        "change": lambda: owner.update(acting.refresh_jwt),
        "step-up": lambda: owner.send(token=acting.refresh_jwt, loginOptions={"stepup": True}),
        "second factor": lambda: owner.send(token=acting.refresh_jwt, loginOptions={"mfa": True}),
    }
    for name, call in calls.items():
        with case.cell(f"password in an impersonated session: {name}"):
            assert_refused(call(), 403)
            assert stored(place) == before


def test_s_auz_10_password_alone_is_no_second_factor(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place(mfa="enrolled")
    case.control(lambda: make_owner(place).send().status == 200)
    owner, other = make_owner(place), make_owner(place)
    make_totp_seed(place.avow, owner.id)
    waits = owner.send()
    with case.cell("password alone, where the user has an app"):
        assert (waits.status, waits.body["errorCode"]) == (403, "E061401")
        assert not {"sessionJwt", "refreshJwt"} & set(waits.body)
        assert not waits.cookie("DSR")
    ticket = waits.body.get("mfaToken", "")
    with case.cell("the ticket of the first factor is no session"):
        calls: dict[str, Callable[[], Answer]] = {
            "refresh": partial(place.api.refresh, ticket),
            "me": partial(place.api.me, ticket),
            "update": partial(owner.update, ticket),
            "tenants": partial(place.api.post, "/v1/auth/me/tenants", ticket, {"ids": []}),
        }
        for call in calls.values():
            assert_refused(call(), 401, 403)
    with case.cell("the same factor twice is one"):
        again = owner.send(token=ticket, loginOptions={"mfa": True})
        assert again.status in (401, 403)
        assert not {"sessionJwt", "refreshJwt"} & set(again.body)
    with case.cell("the second factor sent with another user's token"):
        assert_refused(other.send(token=ticket, loginOptions={"mfa": True}))
        stranger = other.sign_in().refresh_jwt
        assert_refused(owner.send(token=stranger, loginOptions={"mfa": True}))
    with case.cell("replacing the password does not avoid it"):
        before = stored(place)["passwords"]
        answer = owner.replace(GOOD)
        assert answer.status == 403
        assert not {"sessionJwt", "refreshJwt"} & set(answer.body)
        assert stored(place)["passwords"] == before


def test_s_ses_04_disabled_user_with_a_password(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: make_owner(place).send().status == 200)
    owner = make_owner(place)
    session, reset = owner.sign_in().refresh_jwt, owner.reset()
    _status(place, owner, "disabled")
    before = stored(place)
    with case.cell("password sign-in"):
        assert_refused(owner.send(), 401, 403)
        assert_refused(owner.replace(GOOD), 401, 403)
    with case.cell("password change in the session"):
        assert_refused(owner.update(session))
    with case.cell("password reset that was sent before"):
        assert_refused(take(place, reset), 401, 403)
    with case.cell("password reset: no letter"):
        letters = len(place.avow.messages(owner.login_id))
        assert place.api.post("/v1/auth/password/reset", body={"loginId": owner.login_id}).status == 200
        assert len(place.avow.messages(owner.login_id)) == letters
    with case.cell("password: nothing was changed"):
        assert stored(place)["passwords"] == before["passwords"]
        assert stored(place)["sessions"] == before["sessions"]
    _status(place, owner, "enabled")
    with case.cell("enabled again, the password works"):
        assert owner.send().status == 200


def test_s_ses_05_password_of_a_deleted_user(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: make_owner(place).send().status == 200)
    old = make_owner(place)
    session, reset = old.sign_in().refresh_jwt, old.reset()
    body = {"loginId": old.login_id}
    assert place.api.post("/v1/mgmt/user/delete", place.avow.management_key, body).status == 200
    for whose in ("nobody has the login ID", "somebody else has it"):
        with case.cell(f"password of the old user, {whose}"):
            assert_refused(old.send(), code="E062901")
            assert_refused(old.replace(GOOD))
            assert_refused(old.update(session))
            assert_refused(take(place, reset))
        new = place.sign_in(old.login_id)
    with case.cell("password of the old user is not the new one's"):
        assert new.id != old.id
        assert place.api.me(new.refresh_jwt).body["password"] is False


def test_s_ses_09_password_opens_a_new_session(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place(refresh_token_in="cookie")
    case.control(lambda: make_owner(place).send().status == 200)
    attacker = place.sign_in()
    planted = {
        "the attacker's own live session": {"DS": attacker.session_jwt, "DSR": attacker.refresh_jwt},
        "made-up values": {"DS": "S0000", "DSR": "S0000"},
    }
    finishes: dict[str, Callable[[dict[str, str]], Answer]] = {
        "sign-in": lambda jar: _posted(place, SIGN_IN, make_owner(place).login_id, jar),
        "sign-up": lambda jar: _posted(place, SIGN_UP, new_email(), jar),
    }
    for what, jar in planted.items():
        for way, finish in finishes.items():
            with case.cell(f"password {way}, {what}"):
                victim = person_of("", finish(jar))
                assert victim.refresh_jwt not in jar.values()
                assert victim.session_id != attacker.session_id
                assert victim.id != attacker.id
                copy = place.api.get("/v1/auth/me", cookies=jar)
                assert copy.status == 401 or copy.body["userId"] == attacker.id


def _posted(place: Place, path: str, login_id: str, jar: dict[str, str]) -> Answer:
    return place.api.post(path, body={"loginId": login_id, "password": GOOD}, cookies=jar)


def test_s_typ_06_claims_of_a_sign_in_by_password(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: make_owner(place).send().status == 200)
    wish: dict[str, Any] = {"customClaims": {**RESERVED, "shoe_size": 44}}
    owner = make_owner(place)
    answers = {
        "sign-in": owner.send(loginOptions=wish),
        "sign-up": sign_up(place, new_email(), loginOptions=wish),
    }
    for way, answer in answers.items():
        with case.cell(f"password {way}: reserved claims are the server's"):
            user_id = answer.body["user"]["userId"]
            for token in (answer.body["sessionJwt"], place.api.refresh(answer.body["refreshJwt"]).body["sessionJwt"]):
                claims = claims_of(token)
                assert (claims["sub"], claims["iss"], claims["amr"]) == (user_id, place.avow.project_id, ["pwd"])
                assert claims["exp"] < RESERVED["exp"]
                assert claims["nsec"] == {"shoe_size": 44}
                assert not {"tkn", "su", "dct", "dsub", "aud", "projectId", "userId", "email_verified"} & set(claims)
    with case.cell("password: claims that no token takes are refused, whatever the password is"):
        before = stored(place)
        for claims in ({"a" * 10_000: 1}, {"a": "b" * 100_000}):
            for password in (GOOD, "wrong pony"):
                assert_refused(owner.send(password, loginOptions={"customClaims": claims}), 400)
        assert stored(place) == before
        assert owner.send().status == 200
