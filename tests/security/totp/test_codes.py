"""S-TOT-01 to 06: when a code of an app counts, how often one may be tried, and who may bring an app in."""

import base64
import re
from urllib.parse import unquote

from avow.core import totp
from avow.wire.projects import ProjectSettings
from tests import phones
from tests.bed.cases import Case
from tests.factories import make_recovery_codes, make_user, new_email
from tests.security.calls import assert_refused
from tests.security.conftest import MakePlace
from tests.security.counting import assert_limited, stand_still, whole_log
from tests.security.place import Place
from tests.security.totp.people import SIGN_UP, UPDATE, VERIFY, Owner, enrol, kept, make_owner

DEFAULTS = ProjectSettings()
STEP_SECONDS = 30


def _a_new_owner_signs_in(place: Place) -> bool:
    return make_owner(place).send(make_owner(place).code()).status == 401 and bool(make_owner(place).sign_in())


def test_s_tot_01_code_replay(case: Case, each_place: Place) -> None:
    place = each_place
    stand_still(place)
    case.control(lambda: _a_new_owner_signs_in(place))
    owner = make_owner(place)
    code, earlier = owner.code(), owner.code(-1)
    assert owner.send(code).status == 200
    before = kept(place)
    with case.cell("again within the same 30 seconds"):
        assert_refused(owner.send(code), code="E061102")
        assert kept(place) == before
    with case.cell("a code of the step before, after that of this one was used"):
        assert_refused(owner.send(earlier), code="E061102")
        assert kept(place) == before
    with case.cell("again in the next step"):
        place.advance(STEP_SECONDS)
        assert_refused(owner.send(code), code="E061102")
        assert kept(place) == before
    with case.cell("with the login ID spelled otherwise"):
        wish = place.api.post(VERIFY, body={"loginId": owner.login_id.upper(), "code": code})
        assert_refused(wish, code="E061102")
    with case.cell("as a second factor, after it signed in"):
        first = place.sign_in(owner.login_id)
        assert_refused(owner.send(code, first.refresh_jwt, mfa=True), code="E061102")
        assert_refused(owner.send(code, first.refresh_jwt, stepup=True), code="E061102")
    with case.cell("the code that confirmed an app"):
        person = place.sign_in()
        phone = enrol(place, person.login_id, person.refresh_jwt)
        newcomer = Owner(place, person.id, person.login_id, phone, b"")
        confirming = newcomer.code()
        assert newcomer.send(confirming).status == 200
        assert_refused(newcomer.send(confirming), code="E061102")
        assert_refused(newcomer.send(newcomer.code(-1)), code="E061102")
    with case.cell("the next code still counts"):
        assert owner.send(owner.code()).status == 200


def test_s_tot_02_window(case: Case, each_place: Place) -> None:
    place = each_place
    stand_still(place)
    case.control(lambda: _a_new_owner_signs_in(place))
    for second in (0, STEP_SECONDS - 1):
        _move_to(place, second)
        for early in range(-3, 4):
            with case.cell(f"second {second} of the step, code of step n{early:+d}"):
                owner = make_owner(place)
                answer = owner.send(owner.code(early))
                if abs(early) <= 1:
                    assert answer.status == 200
                else:
                    assert_refused(answer, code="E061102")
    with case.cell("for a seed that waits for its first code too"):
        for early in (-2, 2):
            person = place.sign_in()
            newcomer = Owner(place, person.id, person.login_id, enrol(place, person.login_id, person.refresh_jwt), b"")
            assert_refused(newcomer.send(newcomer.code(early)), code="E061102")
            assert newcomer.send(newcomer.code()).status == 200


def _move_to(place: Place, second: int) -> None:
    """Move the clock to a second of a step."""
    now = place.avow.server.clock()
    place.advance((second - now) % STEP_SECONDS)


def test_s_tot_03_brute_force(case: Case, each_place: Place) -> None:
    place, most = each_place, DEFAULTS.guesses_per_hour
    stand_still(place)
    case.control(lambda: _a_new_owner_signs_in(place))
    owner = make_owner(place)
    wrong = owner.wrong_codes()
    before = kept(place)
    answers = [owner.send(next(wrong)) for _ in range(200)]
    with case.cell("as many wrong codes as the settings say, then 429"):
        for answer in answers[:most]:
            assert_refused(answer, code="E061102")
        for answer in answers[most:]:
            assert_limited(answer, 3600)
        assert kept(place) == before
    with case.cell("the right code during the lock"):
        assert_limited(owner.send(owner.code()), 3600)
    with case.cell("the right code with another spelling of the login ID"):
        body = {"loginId": owner.login_id.upper(), "code": owner.code()}
        assert_limited(place.api.post(VERIFY, body=body), 3600)
    with case.cell("the owner still comes in by another way, and may show the app there"):
        first = place.sign_in(owner.login_id)
        assert owner.send(owner.code(), first.refresh_jwt, mfa=True).status == 200
    with case.cell("as a second factor there are no more tries"):
        other = make_owner(place)
        first = place.sign_in(other.login_id)
        codes = other.wrong_codes()
        tried = [other.send(next(codes), first.refresh_jwt, mfa=True) for _ in range(most + 5)]
        for answer in tried[:most]:
            assert_refused(answer, code="E061102")
        for answer in (*tried[most:], other.send(other.code(), first.refresh_jwt, mfa=True)):
            assert_limited(answer, 3600)
        again = place.sign_in(other.login_id)
        assert_limited(other.send(other.code(), again.refresh_jwt, mfa=True), 3600)
    with case.cell("a second after the hour the right code counts again"):
        place.advance(3601)
        assert owner.send(owner.code()).status == 200
    with case.cell("a day has the budget of two hours"):
        codes = owner.wrong_codes()
        for _ in range(most):
            assert_refused(owner.send(next(codes)), code="E061102")
        place.advance(3601)
        answer = owner.send(owner.code())
        assert_limited(answer, 86400)
        assert int(answer.headers["retry-after"]) > 3600
    with case.cell("nobody, and who has no app, meet the same limit"):
        for login_id in (new_email(), _without_an_app(place)):
            statuses = [
                place.api.post(VERIFY, body={"loginId": login_id, "code": "111111"}).status for _ in range(most + 1)
            ]
            assert statuses == [401] * most + [429]


def _without_an_app(place: Place) -> str:
    """Return the login ID of a user without an app."""
    login_id = new_email()
    make_user(place.avow, login_id)
    return login_id


def test_s_tot_04_app_is_proven_before_it_counts(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()
    stand_still(place)
    case.control(lambda: _a_new_owner_signs_in(place))
    person = place.sign_in()
    abandoned = enrol(place, person.login_id, person.refresh_jwt)
    with case.cell("the user signs in as before, and has no app"):
        again = place.sign_in(person.login_id)
        assert place.api.me(again.refresh_jwt).body["TOTP"] is False
        assert not [row for row in place.rows("totp_seeds", "user_id") if person.id in row]
    with case.cell("where whoever has an app has to show it, one that waits is none"):
        strict = make_each_place(mfa="enrolled")
        other = strict.sign_in()
        enrol(strict, other.login_id, other.refresh_jwt)
        assert strict.sign_in(other.login_id).id == other.id
    with case.cell("the second enrolment has another seed, and the first counts no more"):
        second = enrol(place, person.login_id, person.refresh_jwt)
        assert second.app.secret != abandoned.app.secret
        first = Owner(place, person.id, person.login_id, abandoned, b"")
        assert_refused(first.send(first.code()), code="E061102")
        counting = Owner(place, person.id, person.login_id, second, b"")
        assert counting.send(counting.code()).status == 200
    with case.cell("an app that is never confirmed does not take the place of the one before"):
        owner = make_owner(place)
        session = owner.sign_in()
        before = place.rows("totp_seeds", "user_id")
        enrol(place, owner.login_id, session.refresh_jwt)
        assert place.rows("totp_seeds", "user_id") == before
        assert owner.send(owner.code(1)).status == 200
    with case.cell("a sign-up that is never confirmed creates nobody, and keeps nobody out"):
        login_id = new_email()
        users = place.rows("users")
        assert place.api.post(SIGN_UP, body={"loginId": login_id}).status == 200
        assert place.rows("users") == users
        assert place.sign_in(login_id).login_id == login_id
    with case.cell("a seed that waits ends within an hour, and with its session"):
        late = place.sign_in()
        waiting = Owner(place, late.id, late.login_id, enrol(place, late.login_id, late.refresh_jwt), b"")
        place.advance(3601)
        assert_refused(waiting.send(waiting.code()), code="E061102")
        ended = place.sign_in()
        waiting = Owner(place, ended.id, ended.login_id, enrol(place, ended.login_id, ended.refresh_jwt), b"")
        assert place.api.post("/v1/auth/logoutall", ended.refresh_jwt).status == 200
        assert_refused(waiting.send(waiting.code()), code="E061102")


def test_s_tot_05_seed_is_shown_once_and_well_made(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()
    named = make_each_place().avow.server.project("Müller & Co: 100%")
    case.control(lambda: _a_new_owner_signs_in(place))
    with whole_log() as log:
        person = place.sign_in()
        shown = place.api.post(UPDATE, person.refresh_jwt, {"loginId": person.login_id})
        phone = phones.scanning(shown.body["image"])
        owner = Owner(place, person.id, person.login_id, phone, totp.seed_bytes(shown.body["key"]))
        codes = [owner.code(early) for early in (0, 1)]
        later = [owner.send(codes[0]), owner.send(codes[0])]
        session = later[0].body["refreshJwt"]
        key = place.avow.management_key
        for path in ("me", "me/history", "avow/sessions"):
            later.append(place.api.get(f"/v1/auth/{path}", session))
        for path in (f"user?loginId={owner.login_id}", "project/export", "avow/project/settings"):
            later.append(place.api.get(f"/v1/mgmt/{path}", key))
        for path, body in (
            ("user/search", {"loginIds": [owner.login_id]}),
            ("user/create/batch", {"users": [{"loginId": new_email(), "seed": shown.body["key"]}], "invite": False}),
            ("audit/search", {}),
            ("user/export", {}),
            ("project/snapshot/export", {}),
        ):
            for version in ("v1", "v2"):
                later.append(place.api.post(f"/{version}/mgmt/{path}", key, body))
        later.append(place.api.get("/metrics"))
        later.append(place.api.post(UPDATE, session, {"loginId": owner.login_id}))
    said = b"\n".join(answer.content for answer in later) + log.getvalue().encode()
    said += repr(place.rows("audit_events")).encode()
    with case.cell("the search finds what is said"):
        assert owner.id.encode() in said
        assert sum(answer.status == 200 for answer in later) >= 8
    spellings = {
        "in base 32": shown.body["key"],
        "in groups of four": " ".join(re.findall("....", shown.body["key"])),
        "in hex": owner.seed.hex(),
        "in base64": base64.b64encode(owner.seed).decode().rstrip("="),
        "in URL-safe base64": base64.urlsafe_b64encode(owner.seed).decode().rstrip("="),
        "as a link": shown.body["provisioningURL"],
        "as an image": shown.body["image"],
        "as bytes": repr(owner.seed)[2:-1],
    }
    for name, spelling in spellings.items():
        with case.cell(f"the seed, {name}, is nowhere again"):
            assert spelling.encode() not in said
    with case.cell("160 bits, another seed each time"):
        keys = {place.api.post(SIGN_UP, body={"loginId": new_email()}).body["key"] for _ in range(50)}
        assert len(keys) == 50
        assert {len(totp.seed_bytes(each)) * 8 for each in keys} == {160}
        bits = [f"{byte:08b}".count("1") for each in keys for byte in totp.seed_bytes(each)]
        assert 3.5 < sum(bits) / len(bits) < 4.5
    with case.cell("issuer and account are percent-encoded"):
        client, login_id = named.client(), "a b?c=d&e#f+1@example.com".replace(" ", "")
        url = client.totp.sign_up(f"{login_id}")["provisioningURL"]
        label, _, query = url.removeprefix("otpauth://totp/").partition("?")
        assert re.fullmatch(r"[A-Za-z0-9._~-]*(%[0-9A-F]{2}[A-Za-z0-9._~-]*)*:([A-Za-z0-9._~-]|%[0-9A-F]{2})*", label)
        issuer, _, account = label.partition(":")
        assert (unquote(issuer), unquote(account)) == ("Müller & Co  100%", login_id)
        assert f"issuer={issuer}" in query.split("&")
        assert phones.opening(url).app.name == login_id


def test_s_tot_06_replacing_the_app(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place(fresh_proof_seconds=600)
    stand_still(place)
    case.control(lambda: _a_new_owner_signs_in(place))
    victim, attacker = make_owner(place), place.sign_in()
    session = victim.sign_in()
    body = {"loginId": victim.login_id}
    case.control(lambda: _owner_replaces_it(place))
    before = kept(place)
    tokens = {
        "the attacker's refresh token": attacker.refresh_jwt,
        "no token": "",
        "the victim's session token": session.session_jwt,
        "a management key": place.avow.management_key,
        "a code": victim.code(1),
    }
    for path in (UPDATE, "/v1/auth/avow/totp/remove", "/v1/auth/avow/recoverycodes/generate"):
        for name, token in tokens.items():
            if path != UPDATE and token == attacker.refresh_jwt:
                continue  # it changes the attacker's own
            with case.cell(f"{path}, {name}"):
                assert_refused(place.api.post(path, token, body), 401, 403)
                assert kept(place) == before
    with case.cell("a session that somebody opened without the app, such as by the password alone"):
        for amr in (("pwd",), ("email",), ("pwd", "email", "mfa"), ("sms",), ("oauth",)):
            partial = place.open_session(victim.id, login_id=victim.login_id, amr=amr)
            for path in (UPDATE, "/v1/auth/avow/totp/remove", "/v1/auth/avow/recoverycodes/generate"):
                assert_refused(place.api.post(path, partial.refresh_jwt, body), 403, code="E061401")
    with case.cell("the attacker's own seed under the victim's login ID"):
        place.advance(30)
        waiting = enrol(place, attacker.login_id, attacker.refresh_jwt)
        stolen = waiting.code(place.avow.server.clock())
        assert_refused(victim.send(stolen), code="E061102")
    with case.cell("a session of the victim that is older than the limit"):
        place.advance(600)
        before = kept(place)
        for path in (UPDATE, "/v1/auth/avow/totp/remove", "/v1/auth/avow/recoverycodes/generate"):
            assert_refused(place.api.post(path, session.refresh_jwt, body), 403, code="E061402")
        assert kept(place) == before
    with case.cell("a refresh makes no session young"):
        assert place.api.refresh(session.refresh_jwt).status == 200
        assert_refused(place.api.post(UPDATE, session.refresh_jwt, body), 403, code="E061402")
    with case.cell("an impersonated session"):
        acting = place.open_session(victim.id, login_id=victim.login_id, amr=("totp",), impersonator=attacker.id)
        assert_refused(place.api.post(UPDATE, acting.refresh_jwt, body), 403)
        assert_refused(place.api.post("/v1/auth/avow/totp/remove", acting.refresh_jwt, body), 403)
    with case.cell("the old seed keeps working, and its owner may replace it"):
        young = victim.sign_in()
        assert place.api.post(UPDATE, young.refresh_jwt, body).status == 200
        codes = make_recovery_codes(place.avow, victim.id, 1)
        used = place.api.post("/v1/auth/avow/recoverycodes/verify", body={"loginId": victim.login_id, "code": codes[0]})
        assert place.api.post(UPDATE, used.body["refreshJwt"], body).status == 200


def _owner_replaces_it(place: Place) -> bool:
    owner = make_owner(place)
    body = {"loginId": owner.login_id}
    return place.api.post(UPDATE, owner.sign_in().refresh_jwt, body).status == 200
