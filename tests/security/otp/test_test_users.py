"""S-OTP-14: what is handed out of test users is handed out of nobody else, and to management alone."""

from tests.bed.cases import Case
from tests.factories import make_user, new_email
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.counting import STARTED, state
from tests.security.place import Place

KINDS = {"code": "otp", "magic link": "magiclink", "enchanted link": "enchantedlink"}
PAGE = "https://app.example.com/verify"
REFUSED = (400, 401, 403, 404)


def _generate(place: Place, kind: str, login_id: str, key: str) -> Answer:
    body = {"loginId": login_id, "deliveryMethod": "email", "URI": PAGE, "loginOptions": {}}
    return place.api.post(f"/v1/mgmt/tests/generate/{KINDS[kind]}", key, body)


def test_s_otp_14_helpers_are_fenced(case: Case, make_each_place: MakePlace) -> None:
    place, other = make_each_place(), make_each_place()
    real, test = new_email("real"), new_email("robot")
    make_user(place.avow, real)
    make_user(place.avow, test, is_test=True)
    key = place.avow.management_key

    def works() -> bool:
        answer = _generate(place, "code", test, key)
        return answer.status == 200 and place.verify_code(test, answer.body["code"]).status == 200

    case.control(works)
    person = place.sign_in(real)
    before, mails = state(place, STARTED), len(place.avow.messages())

    def nothing_came_of(answer: Answer) -> None:
        assert_refused(answer, *REFUSED)
        assert not {"code", "link", "pendingRef"} & set(answer.body)
        assert state(place, STARTED) == before
        assert len(place.avow.messages()) == mails

    for kind in KINDS:
        with case.cell(f"{kind} for a real user"):
            for spelling in (real, real.upper(), f" {real}"):
                nothing_came_of(_generate(place, kind, spelling, key))
    with case.cell("without a management key"):
        for kind in KINDS:
            for token in ("", person.refresh_jwt, person.session_jwt, key[:-1]):
                nothing_came_of(_generate(place, kind, test, token))
    with case.cell("with the key of another project"):
        for kind in KINDS:
            nothing_came_of(_generate(place, kind, test, other.avow.management_key))
            assert_refused(_generate(other, kind, test, other.avow.management_key), 404, code="E112102")
            assert state(place, STARTED) == before
