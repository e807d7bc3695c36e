"""S-INJ-01: texts that would be SQL, patterns or operators if anybody took them for more than text."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import Answer, within
from tests.security.counting import CREATED, state
from tests.security.injection.fields import Target, furnish, targets, with_value
from tests.security.place import Place
from tests.security.tables import table_names

State = dict[str, list[tuple[object, ...]]]
Rounds = Callable[[int, int], int]

MOST_SECONDS = 1.0
FRAGMENTS = (
    "'", "''", '"', "`", "\\", "\\'", ";", "--", "-- -", "#", "/*", "*/", "/**/", "(", ")", ",", "=", "%", "_", "?",
    "%s", "%(project_id)s", ":project_id", ":now", "$1", "{0}", "NULL", "OR 1=1", "' OR '1'='1", "' OR 1=1 --",
    "') OR ('1'='1", "UNION SELECT secret, sealed FROM signing_keys", "'; DROP TABLE users; --",
    "'; SELECT pg_sleep(5); --", "|| pg_sleep(5) ||", "' AND 1=randomblob(500000000) --", "1;ATTACH DATABASE 'x' AS y",
    "load_extension('x')", "' || (SELECT sqlite_version()) || '", "current_setting('is_superuser')",
    "COPY users TO '/x'",
    "\u02bc", "\uff07", "\u2019", "x'41'", "E'\\x41'", "$$a$$", "LIMIT 1 OFFSET 1", "a", "1", " ",
)  # fmt: skip
TEXTS = (
    *(each for each in FRAGMENTS if len(each) > 3),
    "mia' OR '1'='1",
    "mia@example.com' --",
    "mia%",
    "m_a@example.com",
    "%",
    "%@%",
    "mia\\",
    "1' AND (SELECT COUNT(*) FROM users) > 0 --",
    "1 OR pg_sleep(5) IS NULL",
    "a@example.com'/**/OR/**/1=1--@example.com",
    '{"$ne": null}',
    '{"$where": "sleep(5000)"}',
    "[$ne]",
    "*)(uid=*",
)


@pytest.mark.timeout(600)
def test_s_inj_01_texts_of_sql_in_every_field(case: Case, each_place: Place, rounds: Rounds) -> None:
    place, person = each_place, each_place.sign_in()
    walked, created = furnish(place), 0
    case.control(lambda: place.sign_in())
    tables = table_names(place.avow.server.site.store.url)
    before = state(place)

    def asked(target: Target, body: object) -> Answer:
        nonlocal created
        answer = target.send(place, person, body)
        created += target.users_of(answer)
        return answer

    def get(path: str, credential: str = "", **options: Any) -> Answer:
        return within(MOST_SECONDS, lambda: place.api.get(path, credential, **options))

    share, turns = rounds(4, 1), itertools.count()  # else each field its share of the texts, another one in turn
    for target in targets(rounds(1, 4)):
        for path in target.fields():
            with case.cell(f"{target.name}, {'.'.join(path)}"):
                for text in TEXTS[next(turns) % share :: share]:
                    body = with_value(target.body(), path, text)
                    answer = within(MOST_SECONDS, partial(asked, target, body))
                    _assert_harmless(answer, text)
    with case.cell("headers and paths"):
        for text in TEXTS:
            plain = text.encode("ascii", "ignore").decode()
            names = ("user-agent", "accept-language", "x-descope-project-id", "x-forwarded-for", "cookie", "origin")
            for name in names:
                _assert_harmless(get("/v1/auth/me", person.refresh_jwt, headers={name: plain}), text)
            for credential in (plain, f"{plain}:{person.refresh_jwt}", f"{place.avow.project_id}:{plain}"):
                headers = {"authorization": f"Bearer {credential}"}
                _assert_refused_without_fault(get("/v1/auth/me", headers=headers), text)
                _assert_refused_without_fault(get("/v1/mgmt/license", headers=headers), text)
            _assert_refused_without_fault(get(f"/v2/keys/{plain}"), text)
            _assert_harmless(get(f"/login/{plain}?loginId={plain}&notice={plain}"), text)
    place.avow.messages()  # out of the way of the control's: the inbox keeps the last ones, in no order within a second
    with case.cell("the same rows as before, and the same tables"):
        assert table_names(place.avow.server.site.store.url) == tables
        after = state(place)
        _assert_same_people(before, after, walked, created)
        known = {row[1] for row in before["users"]}
        sessions = [{row[1] for row in found["sessions"] if row[2] in known} for found in (before, after)]
        assert sessions[0] == sessions[1]  # nobody who was there got or lost one; whoever signed up has their own


def test_s_inj_01_nobody_is_found_by_a_pattern(case: Case, each_place: Place) -> None:
    place = each_place
    known = place.sign_in()
    name, _, host = known.login_id.partition("@")
    case.control(lambda: place.sign_in(known.login_id).id == known.id)
    patterns = (
        f"{name}@%",
        f"{name}@{host[:-1]}_",
        f"{name[:-1]}_@{host}",
        f"{name}%@{host}",
        f"{name}*@{host}",
        f"{name}?@{host}",
    )
    for text in (*patterns, f"{known.login_id}' --", f"x' OR login_id='{known.login_id}"):
        with case.cell(f"sign-in as {text!r}"):
            answers = [
                place.api.post("/v1/auth/otp/signin/email", body={"loginId": each}) for each in (text, new_email())
            ]
            assert answers[0].status in (400, 401)
            assert answers[0].status == 400 or answers[0].content == answers[1].content
    with case.cell("a name of SQL is a name"):
        for text in TEXTS:
            login_id = new_email()
            code = place.send_code(login_id, how="signup", user={"name": text, "givenName": text})
            user = place.verify_code(login_id, code).body["user"]
            assert (user["name"], user["givenName"]) == (text, text)
    with case.cell("a login ID of SQL is one person's"):
        for text in ("o'brien", "100% bob", "back\\slash", "semi;colon", "a--b", "x' or '1'='1"):
            address = new_email()
            body = {"loginId": text, "email": address}
            assert place.api.post("/v1/auth/otp/signup/email", body=body).status == 200
            user = place.verify_code(text, place.avow.code(address)).body["user"]
            assert user["loginIds"] == [text]
            assert user["email"] == address


@pytest.mark.timeout(600)
def test_s_inj_01_any_text_anywhere(case: Case, each_place: Place, rounds: Rounds) -> None:
    place, person = each_place, each_place.sign_in()
    case.control(lambda: place.sign_in())
    everywhere = [(target, path) for target in targets(4) for path in target.fields()]
    walked, created = furnish(place), 0
    before = state(place, CREATED[:2])
    texts = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=8), max_size=12).map("".join)

    def asked(target: Target, body: object) -> Answer:
        nonlocal created
        answer = target.send(place, person, body)
        created += target.users_of(answer)
        return answer

    values = st.recursive(
        texts | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=12,
    )

    @settings(
        max_examples=rounds(300, 5000),
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    @given(where=st.sampled_from(everywhere), value=texts | values)
    def walk(where: tuple[Target, tuple[str, ...]], value: object) -> None:
        target, path = where
        body = with_value(target.body(), path, value)
        _assert_harmless(within(MOST_SECONDS, lambda: asked(target, body)), repr(value))

    with case.cell("fields and values at random"):
        walk()
        place.avow.messages()
        _assert_same_people(before, state(place, CREATED[:2]), walked, created)


def _assert_same_people(before: State, after: State, walked: str, created: int) -> None:
    """Assert that nobody was changed but the one whom management may change, and that all others were created."""
    assert len(after["users"]) == len(before["users"]) + created
    for table in ("users", "login_ids"):
        assert [row for row in before[table] if row not in after[table] and walked not in row] == []


def _assert_harmless(answer: Answer, text: str) -> None:
    """Assert that the server did not fail."""
    assert answer.status < 500 or answer.status == 501, f"{text}: {answer.status} {answer.content[:200]!r}"


def _assert_refused_without_fault(answer: Answer, text: str) -> None:
    _assert_harmless(answer, text)
    assert answer.status >= 400, f"{text}: {answer.status}"
