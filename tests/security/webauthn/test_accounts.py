"""S-AUZ-06 and 09, S-SES-04, 05 and 09, S-TYP-06, S-SEC-01, as far as they are about passkeys: whose they are."""

from collections.abc import Callable
from functools import partial

from tests.bed.authenticator import Authenticator
from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Person, Place, claims_of, person_of
from tests.security.token_type.test_token_type import RESERVED
from tests.security.webauthn.holder import ROUTES, Holder

OWN = "/v1/auth/avow/passkeys"


def _works(place: Place) -> bool:
    holder, login_id = Holder(place), new_email()
    return holder.sign_up(login_id).status == holder.sign_in(login_id).status == 200


def _only(place: Place, person: Person) -> str:
    """Return the id of a user's only passkey."""
    [passkey] = place.api.get(OWN, person.refresh_jwt).body["passkeys"]
    return str(passkey["id"])


def test_s_auz_06_passkeys_of_another_user(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: _works(place))
    mine, theirs = Holder(place), Holder(place)
    person, other = mine.person(), theirs.person()
    passkey = _only(place, other)
    before = theirs.stored()
    for path, body in (("rename", {"displayName": "mine"}), ("remove", {})):
        with case.cell(f"{path} the passkey of another user"):
            sent = {"credentialId": passkey, "loginId": other.login_id, "userId": other.id, **body}
            assert_refused(place.api.post(f"{OWN}/{path}", person.refresh_jwt, sent), 403, 404)
    with case.cell("a passkey that never was is answered alike"):
        unknown = place.api.post(f"{OWN}/remove", person.refresh_jwt, {"credentialId": "AAAA"})
        known = place.api.post(f"{OWN}/remove", person.refresh_jwt, {"credentialId": passkey})
        assert (unknown.status, unknown.content) == (known.status, known.content)
    with case.cell("the list of another user"):
        listed = place.api.get(f"{OWN}?userId={other.id}&loginId={other.login_id}", person.refresh_jwt)
        assert [each["id"] for each in listed.body["passkeys"]] == [_only(place, person)]
    with case.cell("add a passkey to another user"):
        assert_refused(mine.begin("update", {"loginId": other.login_id}, person.refresh_jwt), 403)
    with case.cell("nothing has changed"):
        assert theirs.stored() == before


def test_s_auz_09_passkeys_in_an_impersonated_session(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: _works(place))
    holder = Holder(place)
    owner, helper = holder.person(), place.sign_in()
    passkey = _only(place, owner)
    acting = place.open_session(owner.id, login_id=owner.login_id, amr=("webauthn",), impersonator=helper.id)
    before = holder.stored()
    options = {"loginId": owner.login_id, "origin": holder.origin}
    calls: dict[str, Callable[[], Answer]] = {
        "add": lambda: holder.begin("update", {"loginId": owner.login_id}, acting.refresh_jwt),
        "rename": lambda: place.api.post(
            f"{OWN}/rename", acting.refresh_jwt, {"credentialId": passkey, "displayName": "mine"}
        ),
        "remove": lambda: place.api.post(f"{OWN}/remove", acting.refresh_jwt, {"credentialId": passkey}),
        "step-up": lambda: place.api.post(
            f"{ROUTES}/signin/start", acting.refresh_jwt, {**options, "loginOptions": {"stepup": True}}
        ),
        "second factor": lambda: place.api.post(
            f"{ROUTES}/signin/start", acting.refresh_jwt, {**options, "loginOptions": {"mfa": True}}
        ),
    }
    for name, call in calls.items():
        with case.cell(f"passkey in an impersonated session: {name}"):
            assert_refused(call(), 403)
            assert holder.stored() == before


def test_s_ses_04_disabled_user_with_a_passkey(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: _works(place))
    holder, other = Holder(place), Holder(place)
    owner = holder.person()
    begun = other.begun("update", {"loginId": owner.login_id}, owner.refresh_jwt)
    made = other.device.create(begun["options"], other.origin)
    wish = holder.sign_in_wish(owner.login_id)
    status = partial(place.api.post, "/v1/mgmt/user/update/status", place.avow.management_key)
    assert status({"loginId": owner.login_id, "status": "disabled"}).status == 200
    before = holder.stored()
    with case.cell("passkey sign-in, by name, without one, and one on its way"):
        assert_refused(holder.begin("signin", {"loginId": owner.login_id}), 401, 403)
        assert_refused(holder.sign_in(""), 401, 403)
        assert_refused(place.api.carrier.send(wish), 401, 403)
    with case.cell("a passkey that was on its way"):
        assert_refused(other.finish("update", begun["transactionId"], made), 401, 403)
    with case.cell("changes in the session"):
        assert_refused(holder.begin("update", {"loginId": owner.login_id}, owner.refresh_jwt), 401, 403)
        assert_refused(place.api.get(OWN, owner.refresh_jwt), 401, 403)
    with case.cell("nothing has changed"):
        assert holder.stored() == before
    assert status({"loginId": owner.login_id, "status": "enabled"}).status == 200
    with case.cell("enabled again: a new sign-in works, what was on its way does not"):
        assert_refused(other.finish("update", begun["transactionId"], made))
        assert holder.sign_in(owner.login_id).status == 200


def test_s_ses_05_passkeys_of_a_deleted_user(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: _works(place))
    holder, other = Holder(place), Holder(place)
    old = holder.person()
    begun = other.begun("update", {"loginId": old.login_id}, old.refresh_jwt)
    made = other.device.create(begun["options"], other.origin)
    wish = holder.sign_in_wish(old.login_id)
    body = {"loginId": old.login_id}
    assert place.api.post("/v1/mgmt/user/delete", place.avow.management_key, body).status == 200
    for whose in ("nobody has the login ID", "somebody else has it"):
        with case.cell(f"passkeys of the old user, {whose}"):
            assert_refused(holder.sign_in(""))
            assert_refused(holder.begin("signin", body))
            assert_refused(place.api.carrier.send(wish))
            assert_refused(other.finish("update", begun["transactionId"], made))
        new = place.sign_in(old.login_id)
    with case.cell("passkeys of the old user are not the new one's"):
        assert new.id != old.id
        assert place.api.me(new.refresh_jwt).body["webauthn"] is False
        assert place.api.get(OWN, new.refresh_jwt).body == {"passkeys": []}


def test_s_ses_09_sign_in_by_passkey_makes_a_new_session(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place(refresh_token_in="cookie")
    case.control(lambda: _works(place))
    attacker, holder, login_id = place.sign_in(), Holder(place), new_email()
    holder.sign_up(login_id)
    for what, jar in {
        "the attacker's own live session": {"DS": attacker.session_jwt, "DSR": attacker.refresh_jwt},
        "made-up values": {"DS": "S0000", "DSR": "S0000"},
    }.items():
        with case.cell(f"passkey, {what}"):
            begun = holder.begun("signin", {"loginId": login_id})
            shown = holder.device.show(begun["options"], holder.origin)
            sent = {"transactionId": begun["transactionId"], "response": shown}
            victim = person_of(login_id, place.api.post(f"{ROUTES}/signin/finish", body=sent, cookies=jar))
            assert victim.refresh_jwt not in jar.values()
            assert victim.session_id != attacker.session_id
            assert victim.id != attacker.id
            copy = place.api.get("/v1/auth/me", cookies=jar)
            assert copy.status == 401 or copy.body["userId"] == attacker.id


def test_s_typ_06_claims_of_a_sign_in_by_passkey(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: _works(place))
    holder = Holder(place)
    person = holder.person()
    wish = {**RESERVED, "shoe_size": 44}
    for named in (person.login_id, ""):
        with case.cell(f"webauthn, {'by name' if named else 'without a login ID'}: reserved claims are the server's"):
            begun = holder.begun("signin", {"loginId": named, "loginOptions": {"customClaims": wish}})
            answer = holder.finish(
                "signin", begun["transactionId"], holder.device.show(begun["options"], holder.origin)
            )
            for token in (answer.body["sessionJwt"], place.api.refresh(answer.body["refreshJwt"]).body["sessionJwt"]):
                claims = claims_of(token)
                assert (claims["sub"], claims["iss"]) == (person.id, place.avow.project_id)
                assert claims["amr"] == ["webauthn"]
                assert claims["exp"] < RESERVED["exp"]
                assert claims["nsec"] == {"shoe_size": 44}
                assert not {"tkn", "su", "dct", "dsub", "aud", "projectId", "userId", "email_verified"} & set(claims)
    with case.cell("claims that no token takes are refused"):
        for claims in ({"a" * 10_000: 1}, {"a": "b" * 100_000}):
            body = {"loginId": person.login_id, "loginOptions": {"customClaims": claims}}
            assert_refused(holder.begin("signin", body), 400)


def test_s_sec_01_challenges_of_passkeys_at_rest(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: _works(place))
    holder = Holder(place, Authenticator())
    person = holder.person()
    starts = {
        "sign-up": holder.begun("signup", {"user": {"loginId": new_email()}}),
        "sign-in": holder.begun("signin", {"loginId": person.login_id}),
        "update": holder.begun("update", {"loginId": person.login_id}, person.refresh_jwt),
    }
    tables = ("challenges", "passkeys", "audit_events", "sessions", "users")
    held = repr([place.rows(table) for table in tables])
    for what, begun in starts.items():
        with case.cell(f"transaction of a {what}"):
            secret = begun["transactionId"][-26:]
            for form in (begun["transactionId"], secret, secret.encode().hex()):
                assert form not in held
