"""S-SES-02 to 05, 07, 08, 13: sessions end when they are ended, and at the latest when their time is over."""

from collections.abc import Callable, Iterator
from functools import partial

from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users
from tests.bed.cases import Case
from tests.factories import change_settings, make_member, make_totp_seed, make_user, new_email
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Person, Place, claims_of, person_of

MINUTE = 60


def calls_with(place: Place, token: str) -> Iterator[tuple[str, Callable[[], Answer]]]:
    """Return every call that takes a refresh token, ended or not; what they would change is the session alone."""
    api = place.api
    yield "refresh", lambda: api.refresh(token)
    yield "me", lambda: api.me(token)
    yield "me/tenants", lambda: api.post("/v1/auth/me/tenants", token, {"ids": []})
    yield "me/history", lambda: api.get("/v1/auth/me/history", token)
    yield "tenant/select", lambda: api.post("/v1/auth/tenant/select", token, {"tenant": "T1"})
    yield "sessions", lambda: api.get("/v1/auth/avow/sessions", token)
    yield "sessions/end", lambda: api.post("/v1/auth/avow/sessions/end", token, {"sessionId": "S1"})
    yield "impersonation/allow", lambda: api.post("/v1/auth/avow/impersonation/allow", token, {"seconds": 60})
    yield "logout", lambda: api.post("/v1/auth/logout", token)
    yield "logoutall", lambda: api.post("/v1/auth/logoutall", token)
    update = {"loginId": "mia@example.com", "email": "other@example.com"}
    for method in ("otp", "magiclink", "enchantedlink"):
        yield f"{method}/update", partial(api.post, f"/v1/auth/{method}/update/email", token, update)
    yield "refresh by cookie", lambda: api.post("/v1/auth/refresh", cookies={"DSR": token})
    yield "me by cookie", lambda: api.get("/v1/auth/me", cookies={"DSR": token})


def test_s_ses_02_refresh_after_logout(case: Case, place: Place) -> None:
    user = make_user(place.avow)
    ended, kept = place.open_sessions(2, user)
    case.control(lambda: place.api.refresh(kept.refresh_jwt).status == 200)
    assert place.api.me(ended.refresh_jwt).status == 200
    assert place.api.post("/v1/auth/logout", ended.refresh_jwt).status == 200
    for name, call in calls_with(place, ended.refresh_jwt):
        with case.cell(name):
            before = place.rows("sessions")
            assert_refused(call(), code="E064001")
            assert place.rows("sessions") == before
    with case.cell("try-refresh"):
        answer = place.api.post("/v1/auth/try-refresh", ended.refresh_jwt)
        assert (answer.status, answer.body, answer.set_cookies) == (200, {}, ())
    with case.cell("step-up of an ended session"):
        address = new_email()
        mine = place.sign_in(address)
        assert place.api.post("/v1/auth/logout", mine.refresh_jwt).status == 200
        body = {"loginId": address, "loginOptions": {"stepup": True}}
        assert_refused(place.api.post("/v1/auth/otp/signin/email", mine.refresh_jwt, body))


def test_s_ses_03_logoutall_ends_every_session(case: Case, place: Place) -> None:
    case.control(lambda: place.api.refresh(place.open_session().refresh_jwt).status == 200)
    bystander = place.open_session()
    login_id = new_email()
    clients = [place.sign_in(login_id) for _ in range(5)]
    assert {place.api.me(client.refresh_jwt).status for client in clients} == {200}
    assert place.api.post("/v1/auth/logoutall", clients[2].refresh_jwt).status == 200
    for number, client in enumerate(clients):
        with case.cell(f"client {number}, refresh"):
            assert_refused(place.api.refresh(client.refresh_jwt))
        with case.cell(f"client {number}, me"):
            assert_refused(place.api.me(client.refresh_jwt))
    with case.cell("other users go on"):
        assert place.api.refresh(bystander.refresh_jwt).status == 200


def test_s_ses_04_disabled_user(case: Case, place: Place) -> None:
    case.control(lambda: place.sign_in())
    login_id = new_email()
    person = place.sign_in(login_id)
    idle = place.sign_in(login_id)  # not used while the user is disabled
    code = place.send_code(login_id, how="signin")
    link = place.send_magic_link(login_id, how="signin")
    enchanted, pending = place.send_enchanted_link(login_id, how="signin")
    place.avow.run(lambda tx: _disable(tx, person.id))
    for name, call in calls_with(place, person.refresh_jwt):
        with case.cell(name):
            assert_refused(call(), 401, 403)
    proofs: dict[str, Callable[[], Answer]] = {
        "the code that was sent": lambda: place.verify_code(login_id, code),
        "the link that was sent": lambda: place.api.post("/v1/auth/magiclink/verify", body={"token": link}),
    }
    for name, call in proofs.items():
        with case.cell(name):
            assert_refused(call(), 401, 403)
    with case.cell("the enchanted link that was sent"):
        assert place.api.post("/v1/auth/enchantedlink/verify", body={"token": enchanted}).status in {200, 401, 403}
        waiting = place.api.post("/v1/auth/enchantedlink/pending-session", body={"pendingRef": pending})
        assert_refused(waiting, 401, 403)
    for method in ("otp", "magiclink", "enchantedlink"):
        for how in ("signin", "signup-in"):
            with case.cell(f"a new start: {method}/{how}"):
                started = place.api.post(f"/v1/auth/{method}/{how}/email", body={"loginId": login_id})
                assert_refused(started, 401, 403)
    place.avow.run(lambda tx: users.set_status(tx, person.id, "enabled"))
    for name, old in {"used": person, "not used": idle}.items():
        with case.cell(f"enabled again, the old refresh token that was {name} meanwhile"):
            assert_refused(place.api.refresh(old.refresh_jwt))
    for name, call in proofs.items():
        with case.cell(f"enabled again, {name}"):
            assert_refused(call(), 401, 403)
    with case.cell("enabled again, a new sign-in works"):
        assert place.sign_in(login_id).id == person.id


def test_s_ses_05_deleted_user(case: Case, place: Place) -> None:
    case.control(lambda: place.sign_in())
    login_id = new_email()
    old = place.sign_in(login_id)
    make_member(place.avow, old.id, roles_of_project={"editor": ["write"]}, roles_in_tenant={"admin": ["all"]})
    assert "editor" in place.api.me(old.refresh_jwt).body["roleNames"]
    _give_attribute(place, login_id, "team", "red")
    assert place.api.me(old.refresh_jwt).body["customAttributes"] == {"team": "red"}
    code, link = place.send_code(login_id, how="signin"), place.send_magic_link(login_id, how="signin")
    enchanted, pending = place.send_enchanted_link(login_id, how="signin")
    place.avow.run(lambda tx: users.delete(tx, old.id))
    for name, call in calls_with(place, old.refresh_jwt):
        with case.cell(f"{name}, deleted"):
            assert_refused(call())
    new = place.sign_in(login_id)
    for name, call in calls_with(place, old.refresh_jwt):
        with case.cell(f"{name}, somebody else has the login ID"):
            assert_refused(call())
    with case.cell("the old code"):
        assert_refused(place.verify_code(login_id, code))
    with case.cell("the old magic link"):
        assert_refused(place.api.post("/v1/auth/magiclink/verify", body={"token": link}))
    with case.cell("the old enchanted link"):
        place.api.post("/v1/auth/enchantedlink/verify", body={"token": enchanted})
        waiting = place.api.post("/v1/auth/enchantedlink/pending-session", body={"pendingRef": pending})
        assert_refused(waiting)
    with case.cell("the new user is another one, with nothing of the old"):
        me = place.api.me(new.refresh_jwt).body
        assert me["userId"] == new.id != old.id
        assert (me["roleNames"], me["permissions"], me["userTenants"]) == ([], [], [])
        assert len(place.api.get("/v1/auth/avow/sessions", new.refresh_jwt).body["sessions"]) == 1
        assert len(place.api.get("/v1/auth/me/history", new.refresh_jwt).body) == 1
    with case.cell("custom attributes of the old user"):
        assert place.api.me(new.refresh_jwt).body["customAttributes"] == {}
        body = {"customAttributes": {"team": "red"}}
        assert place.api.post("/v2/mgmt/user/search", place.avow.management_key, body).body["users"] == []


def test_s_ses_07_absolute_lifetime(case: Case, make_place: MakePlace) -> None:
    place = make_place(rotation="always", refresh_lifetime_seconds=10 * MINUTE)
    case.control(lambda: place.api.refresh(place.sign_in().refresh_jwt).status == 200)
    first = place.sign_in()
    end, token = claims_of(first.refresh_jwt)["exp"], first.refresh_jwt
    for minute in range(1, 13):
        place.advance(MINUTE)
        answer = place.api.refresh(token)
        with case.cell(f"minute {minute}"):
            if minute < 10:
                assert answer.status == 200
                token = answer.body["refreshJwt"]
                assert claims_of(token)["exp"] == end
                assert claims_of(answer.body["sessionJwt"])["exp"] <= end
                assert answer.body["cookieExpiration"] == end
            else:
                assert_refused(answer)
    with case.cell("me after the end"):
        assert_refused(place.api.me(token))


def test_s_ses_08_idle_timeout(case: Case, make_place: MakePlace) -> None:
    place = make_place(rotation="always", idle_lifetime_seconds=5 * MINUTE, refresh_lifetime_seconds=20 * MINUTE)
    case.control(lambda: place.api.refresh(place.sign_in().refresh_jwt).status == 200)
    with case.cell("six minutes without a call"):
        person = place.sign_in()
        place.advance(6 * MINUTE)
        before = place.rows("sessions")
        assert_refused(place.api.me(person.refresh_jwt))
        assert_refused(place.api.refresh(person.refresh_jwt))
        assert place.rows("sessions") == before
    with case.cell("a call every four minutes, until the absolute end"):
        token = place.sign_in().refresh_jwt
        for _ in range(4):
            place.advance(4 * MINUTE)
            answer = place.api.refresh(token)
            assert answer.status == 200
            token = answer.body["refreshJwt"]
        place.advance(4 * MINUTE)
        assert_refused(place.api.refresh(token))


def test_s_ses_13_user_sees_and_ends_own_sessions(case: Case, place: Place) -> None:
    login_id = new_email()
    mine = [_sign_in_with(place, login_id, f"Browser {number}") for number in range(3)]
    other = place.sign_in()
    end = "/v1/auth/avow/sessions/end"

    def listed(person: Person) -> list[dict[str, object]]:
        found: list[dict[str, object]] = place.api.get("/v1/auth/avow/sessions", person.refresh_jwt).body["sessions"]
        return found

    case.control(lambda: bool(listed(mine[0])))
    with case.cell("the list shows three, with time and client"):
        shown = {each["id"]: each for each in listed(mine[0])}
        assert set(shown) == {each.session_id for each in mine}
        assert {each["device"] for each in shown.values()} == {"Browser 0", "Browser 1", "Browser 2"}
        assert all(each["address"] and each["createdTime"] and each["lastUsedTime"] for each in shown.values())
        assert [each["id"] for each in shown.values() if each["current"]] == [mine[0].session_id]
    with case.cell("one of another user"):
        foreign = place.api.post(end, mine[0].refresh_jwt, {"sessionId": other.session_id})
        unknown = place.api.post(end, mine[0].refresh_jwt, {"sessionId": "S" + "0" * 26})
        assert_refused(foreign, 404)
        assert foreign.content == unknown.content
        assert place.api.refresh(other.refresh_jwt).status == 200
    with case.cell("another of one's own"):
        assert place.api.post(end, mine[0].refresh_jwt, {"sessionId": mine[1].session_id}).status == 200
        assert_refused(place.api.refresh(mine[1].refresh_jwt))
        assert_refused(place.api.me(mine[1].refresh_jwt))
        assert place.api.refresh(mine[2].refresh_jwt).status == 200
        assert {each["id"] for each in listed(mine[0])} == {mine[0].session_id, mine[2].session_id}
    with case.cell("one that has ended already"):
        again = place.api.post(end, mine[0].refresh_jwt, {"sessionId": mine[1].session_id})
        assert_refused(again, 404)
    make_totp_seed(place.avow, mine[0].id)
    change_settings(place.avow, {"mfa": "enrolled"})
    place.advance(2)
    with case.cell("a recent factor where policy asks for it"):
        asked = place.verify_code(login_id, place.send_code(login_id))
        waits = asked.body["mfaToken"]
        for ended in (mine[2].session_id, mine[0].session_id):
            assert_refused(place.api.post(end, waits, {"sessionId": ended}), code="E061401")
        assert_refused(place.api.get("/v1/auth/avow/sessions", waits), code="E061401")
        assert_refused(place.api.post("/v1/auth/logoutall", waits), code="E061401")
        assert {each["id"] for each in listed(mine[0])} == {mine[0].session_id, mine[2].session_id}


def _sign_in_with(place: Place, login_id: str, device: str) -> Person:
    code = place.send_code(login_id)
    return person_of(login_id, place.verify_code(login_id, code, headers={"user-agent": device}))


def _give_attribute(place: Place, login_id: str, name: str, value: str) -> None:
    key = place.avow.management_key
    wanted = {"name": name, "displayName": name, "type": "string"}
    assert place.api.post("/v1/mgmt/user/customattribute/create", key, {"attributes": [wanted]}).status == 200
    body = {"loginId": login_id, "attributeKey": name, "attributeValue": value}
    assert place.api.post("/v1/mgmt/user/update/customAttribute", key, body).status == 200


def _disable(tx: Tx, user_id: str) -> None:
    users.set_status(tx, user_id, "disabled")
    sessions.end_all(tx, user_id, why="disabled")
