"""S-WAN-05 and 07: a passkey is its user's, and only their session adds one."""

from tests.bed.authenticator import Authenticator, Forgery
from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Place, in_process
from tests.security.webauthn.holder import ROUTES, Holder


def test_s_wan_05_passkey_is_its_users(case: Case, each_place: Place) -> None:
    mia, ida = Holder(each_place), Holder(each_place)
    person, other = mia.person(), ida.person()
    case.control(lambda: {mia.sign_in(person.login_id).status, ida.sign_in(other.login_id).status} == {200})
    before = mia.stored()
    theirs = ida.device.newest
    handles = {"with their user handle": None, "with the user's": person.id.encode(), "with none": b""}
    for name, handle in handles.items():
        with case.cell(f"another's passkey, {name}"):
            begun = mia.begun("signin", {"loginId": person.login_id})
            shown = ida.device.show(begun["options"], ida.origin, Forgery(user_handle=handle), passkey=theirs)
            assert_refused(mia.finish("signin", begun["transactionId"], shown))
    for name, handle in {"of another": person.id.encode(), "of nobody": b"", "of no user": b"U" * 64}.items():
        with case.cell(f"without a login ID, the user handle {name}"):
            assert_refused(ida.sign_in("", Forgery(user_handle=handle)))
    with case.cell("another's credential id with the own key"):
        assert_refused(mia.sign_in(person.login_id, Forgery(credential_id=theirs.id)))
    with case.cell("a credential id that nobody has"):
        assert_refused(mia.sign_in(person.login_id, Forgery(credential_id=b"nobody has this")))
    with case.cell("a sign-up with the credential id of somebody"):
        assert_refused(Holder(each_place).sign_up(new_email(), Forgery(credential_id=theirs.id)))
    with case.cell("nothing has changed"):
        assert mia.stored() == before
    with case.cell("an update with the credential id of somebody"):
        assert_refused(Holder(each_place).add(person, Forgery(credential_id=theirs.id)))
        assert_refused(Holder(each_place).add(person, Forgery(credential_id=mia.device.newest.id)))
        assert mia.stored() == before
    with case.cell("a passkey of another project"):
        elsewhere = Holder(_neighbour(each_place), ida.device)
        begun = elsewhere.begun("signin", {"loginId": ""})
        shown = ida.device.show(begun["options"], ida.origin, passkey=theirs)
        assert_refused(elsewhere.finish("signin", begun["transactionId"], shown))


def _neighbour(place: Place) -> Place:
    return in_process(place.avow.server)


def test_s_wan_07_adding_a_passkey_needs_the_session(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()
    victim, attacker = place.sign_in(), place.sign_in()
    own = Holder(place)
    case.control(lambda: _adds_and_takes_back(place))
    before = own.stored()
    start = {"loginId": victim.login_id, "origin": own.origin}
    for name, token, statuses in (
        ("no token", "", (401,)),
        ("the attacker's token", attacker.refresh_jwt, (401, 403)),
        ("a session token", victim.session_jwt, (401,)),
        ("a management key", place.avow.management_key, (401,)),
    ):
        with case.cell(f"start, {name}"):
            assert_refused(place.api.post(f"{ROUTES}/update/start", token, start), *statuses)
    begun = own.begun("update", {"loginId": victim.login_id}, victim.refresh_jwt)
    theirs = Holder(place, agent="Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1")
    made = theirs.device.create(begun["options"], own.origin)
    for name, holder, token in (
        ("from the attacker's client", theirs, ""),
        ("in the attacker's session", theirs, attacker.refresh_jwt),
        ("in the attacker's session from the victim's kind of client", own, attacker.refresh_jwt),
        ("in another session of the victim", own, place.sign_in(victim.login_id).refresh_jwt),
    ):
        with case.cell(f"finish of the victim's transaction {name}"):
            assert_refused(holder.finish("update", begun["transactionId"], made, token))
    with case.cell("finish of the attacker's transaction in the victim's session"):
        begun_by_attacker = theirs.begun("update", {"loginId": attacker.login_id}, attacker.refresh_jwt)
        crossed = theirs.device.create(begun_by_attacker["options"], own.origin)
        assert_refused(own.finish("update", begun_by_attacker["transactionId"], crossed, victim.refresh_jwt))
    with case.cell("the victim's passkeys are unchanged"):
        assert [row for row in own.stored()[0]] == before[0] == []
        assert place.api.get("/v1/auth/avow/passkeys", victim.refresh_jwt).body == {"passkeys": []}
    with case.cell("the victim finishes it all the same, and is told"):
        answer = own.finish("update", begun["transactionId"], own.device.create(begun["options"], own.origin))
        assert answer.status == 200
        told = place.avow.messages(victim.login_id)[0]
        assert told.subject.endswith("A passkey was added")
    with case.cell("what was begun in a session that ended comes to nothing"):
        late = place.sign_in()
        begun = own.begun("update", {"loginId": late.login_id}, late.refresh_jwt)
        made = Authenticator().create(begun["options"], own.origin)
        assert place.api.post("/v1/auth/logout", late.refresh_jwt).status == 200
        assert_refused(own.finish("update", begun["transactionId"], made))
    with case.cell("the attacker removes and renames no passkey of the victim"):
        [passkey] = place.api.get("/v1/auth/avow/passkeys", victim.refresh_jwt).body["passkeys"]
        for path, body in (("remove", {}), ("rename", {"displayName": "mine"})):
            sent = {"credentialId": passkey["id"], **body}
            assert_refused(place.api.post(f"/v1/auth/avow/passkeys/{path}", attacker.refresh_jwt, sent), 401, 403, 404)
        assert place.api.get("/v1/auth/avow/passkeys", victim.refresh_jwt).body["passkeys"] == [passkey]


def _adds_and_takes_back(place: Place) -> bool:
    """Tell whether somebody who is signed in adds a passkey; it is removed, so that nothing is left of the control."""
    person, holder = place.sign_in(), Holder(place)
    if holder.add(person).status != 200 or holder.sign_in(person.login_id).status != 200:
        return False
    [passkey] = place.api.get("/v1/auth/avow/passkeys", person.refresh_jwt).body["passkeys"]
    strong = holder.sign_in(person.login_id).body["refreshJwt"]
    body = {"credentialId": passkey["id"]}
    return place.api.post("/v1/auth/avow/passkeys/remove", strong, body).status == 200
