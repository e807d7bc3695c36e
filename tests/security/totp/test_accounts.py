"""S-AUZ-06 and 09, S-SES-04 and 05, S-TYP-06, as far as they are about apps and recovery codes: whose they are."""

from collections.abc import Callable
from functools import partial

from tests import phones
from tests.bed.cases import Case
from tests.factories import make_recovery_codes, new_email
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Person, Place, claims_of, person_of
from tests.security.token_type.test_token_type import RESERVED
from tests.security.totp.people import SIGN_UP, UPDATE, VERIFY, Owner, enrol, kept, make_owner

REMOVE = "/v1/auth/avow/totp/remove"
GENERATE = "/v1/auth/avow/recoverycodes/generate"
RECOVER = "/v1/auth/avow/recoverycodes/verify"


def _recover(place: Place, login_id: str, code: str) -> Answer:
    return place.api.post(RECOVER, body={"loginId": login_id, "code": code})


def test_s_idn_01_app_of_whoever_came_before_the_owner(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: bool(make_owner(place).sign_in()))
    ways: dict[str, Callable[[str], Person]] = {"a code": place.sign_in, "a magic link": partial(_by_link, place)}
    for name, come in ways.items():
        address = new_email()
        phone = phones.typing(place.api.post(SIGN_UP, body={"loginId": address}).body["key"])
        thief = Owner(place, "", address, phone, b"")
        session = person_of(address, thief.send(thief.code(-1)))
        codes = place.api.post(GENERATE, session.refresh_jwt).body["codes"]
        waiting = enrol(place, address, session.refresh_jwt)
        owner = come(address)
        with case.cell(f"app added before, the owner comes by {name}"):
            assert owner.id == session.id
            assert_refused(thief.send(thief.code()))
            late = Owner(place, "", address, waiting, b"")
            assert_refused(late.send(late.code()))
            assert_refused(place.api.refresh(session.refresh_jwt))
            assert place.api.me(owner.refresh_jwt).body["TOTP"] is False
        with case.cell(f"recovery codes made before, the owner comes by {name}"):
            assert_refused(_recover(place, address, codes[0]))
            assert place.api.get("/v1/auth/avow/recoverycodes", owner.refresh_jwt).body["left"] == 0
        with case.cell(f"the owner keeps what they add afterwards, {name}"):
            own = Owner(place, owner.id, address, enrol(place, address, owner.refresh_jwt), b"")
            assert own.send(own.code()).status == 200
            assert come(address).id == owner.id
            assert own.send(own.code(1)).status == 200


def _by_link(place: Place, login_id: str) -> Person:
    token = place.send_magic_link(login_id)
    return person_of(login_id, place.api.post("/v1/auth/magiclink/verify", body={"token": token}))


def test_s_auz_06_app_of_another_user(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: bool(make_owner(place).sign_in()))
    mine, theirs = make_owner(place), make_owner(place)
    make_recovery_codes(place.avow, theirs.id)
    token = mine.sign_in().refresh_jwt
    before = [row for rows in kept(place).values() for row in rows if theirs.id in row]
    with case.cell("TOTP of another user"):
        assert_refused(place.api.post(UPDATE, token, {"loginId": theirs.login_id}), 403)
        named = {"loginId": theirs.login_id, "userId": theirs.id}
        assert place.api.post(GENERATE, token, named).status == 200
        assert place.api.get(f"/v1/auth/avow/recoverycodes?userId={theirs.id}", token).body["left"] == 10
        assert place.api.post(REMOVE, token, named).status == 200
    with case.cell("TOTP of another user: nothing stored has changed"):
        assert [row for rows in kept(place).values() for row in rows if theirs.id in row] == before
        assert theirs.send(theirs.code()).status == 200
    with case.cell("codes of one's own app for another user"):
        again = make_owner(place)
        for options in ({}, {"mfa": True}, {"stepup": True}):
            wish = place.api.wish(
                "POST", VERIFY, token, {"loginId": theirs.login_id, "code": again.code(), "loginOptions": options}
            )
            assert_refused(place.api.carrier.send(wish))


def test_s_auz_09_apps_in_an_impersonated_session(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: bool(make_owner(place).sign_in()))
    owner, helper = make_owner(place), place.sign_in()
    codes = make_recovery_codes(place.avow, owner.id)
    acting = place.open_session(owner.id, login_id=owner.login_id, amr=("totp",), impersonator=helper.id)
    before = kept(place)
    calls: dict[str, Callable[[], Answer]] = {
        "update": lambda: place.api.post(UPDATE, acting.refresh_jwt, {"loginId": owner.login_id}),
        "remove": lambda: place.api.post(REMOVE, acting.refresh_jwt),
        "recovery codes": lambda: place.api.post(GENERATE, acting.refresh_jwt),
        "step-up by a code": lambda: owner.send(owner.code(), acting.refresh_jwt, stepup=True),
        "second factor by a code": lambda: owner.send(owner.code(), acting.refresh_jwt, mfa=True),
        "second factor by a recovery code": lambda: place.api.post(
            RECOVER,
            acting.refresh_jwt,
            {"loginId": owner.login_id, "code": codes[0], "loginOptions": {"mfa": True}},
        ),
    }
    for name, call in calls.items():
        with case.cell(f"TOTP in an impersonated session: {name}"):
            assert_refused(call(), 403)
            assert kept(place) == before


def test_s_ses_04_disabled_user_with_an_app(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: bool(make_owner(place).sign_in()))
    owner = make_owner(place)
    codes = make_recovery_codes(place.avow, owner.id)
    session = owner.sign_in()
    waiting = enrol(place, owner.login_id, session.refresh_jwt)
    status = partial(place.api.post, "/v1/mgmt/user/update/status", place.avow.management_key)
    assert status({"loginId": owner.login_id, "status": "disabled"}).status == 200
    before = place.rows("sessions")
    with case.cell("TOTP sign-in"):
        assert_refused(owner.send(owner.code(1)), 401, 403)
        assert place.rows("sessions") == before
    with case.cell("recovery code"):
        assert_refused(_recover(place, owner.login_id, codes[0]), 401, 403)
    with case.cell("changes in the session"):
        for path in (UPDATE, REMOVE, GENERATE):
            assert_refused(place.api.post(path, session.refresh_jwt, {"loginId": owner.login_id}), 401, 403)
    with case.cell("an app that was on its way"):
        new = Owner(place, owner.id, owner.login_id, waiting, b"")
        assert_refused(new.send(new.code()), 401, 403)
    assert status({"loginId": owner.login_id, "status": "enabled"}).status == 200
    with case.cell("enabled again: a new sign-in works, the app on its way does not"):
        assert_refused(new.send(new.code()))
        place.advance(60)
        assert owner.send(owner.code()).status == 200


def test_s_ses_05_apps_of_a_deleted_user(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: bool(make_owner(place).sign_in()))
    old = make_owner(place)
    codes = make_recovery_codes(place.avow, old.id)
    waiting = enrol(place, old.login_id, old.sign_in().refresh_jwt)
    body = {"loginId": old.login_id}
    assert place.api.post("/v1/mgmt/user/delete", place.avow.management_key, body).status == 200
    for whose in ("nobody has the login ID", "somebody else has it"):
        with case.cell(f"TOTP of the old user, {whose}"):
            place.advance(60)
            assert_refused(old.send(old.code()))
            late = Owner(place, old.id, old.login_id, waiting, b"")
            assert_refused(late.send(late.code()))
            assert_refused(_recover(place, old.login_id, codes[0]))
        new = place.sign_in(old.login_id)
    with case.cell("TOTP of the old user is not the new one's"):
        assert new.id != old.id
        assert place.api.me(new.refresh_jwt).body["TOTP"] is False
        assert place.api.get("/v1/auth/avow/recoverycodes", new.refresh_jwt).body["left"] == 0


def test_s_typ_06_claims_of_a_sign_in_by_app(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()
    case.control(lambda: bool(make_owner(place).sign_in()))
    owner = make_owner(place)
    codes = make_recovery_codes(place.avow, owner.id)
    wish = {**RESERVED, "shoe_size": 44}
    recovering = {"loginId": owner.login_id, "code": codes[0], "loginOptions": {"customClaims": wish}}
    answers = {
        "totp": owner.send(owner.code(), customClaims=wish),
        "recovery": place.api.post(RECOVER, body=recovering),
    }
    for amr, answer in answers.items():
        with case.cell(f"{amr}: reserved claims are the server's"):
            for token in (answer.body["sessionJwt"], place.api.refresh(answer.body["refreshJwt"]).body["sessionJwt"]):
                claims = claims_of(token)
                assert (claims["sub"], claims["iss"], claims["amr"]) == (owner.id, place.avow.project_id, [amr])
                assert claims["exp"] < RESERVED["exp"]
                assert claims["nsec"] == {"shoe_size": 44}
                assert not {"tkn", "su", "dct", "dsub", "aud", "projectId", "userId", "email_verified"} & set(claims)
    with case.cell("claims that no token takes are refused, whatever the code is"):
        before = kept(place)
        for claims in ({"a" * 10_000: 1}, {"a": "b" * 100_000}):
            assert_refused(owner.send(owner.code(1), customClaims=claims), 400)
        assert kept(place) == before
        assert owner.send(owner.code(1)).status == 200
    with case.cell("nobody"):
        body = {"loginId": new_email(), "code": "123456", "loginOptions": {"customClaims": wish}}
        assert_refused(place.api.post(VERIFY, body=body))
