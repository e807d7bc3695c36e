"""Users of each format: who they are, and that their password is still theirs."""

import json

import pytest

from avow.core import passwords
from avow.core.imports.context import Context, parameters_of
from avow.core.imports.formats import FORMATS, person_of
from avow.core.imports.people import Person
from avow.errors import InvalidArgument
from tests.core.imports import samples
from tests.core.imports.samples import PASSWORD


def people(name: str, data: bytes, context: Context | None = None) -> list[Person]:
    kind = FORMATS[name]
    found = [person_of(kind, entry, context or Context()) for entry in kind.entries([data])]
    return [each for each in found if each is not None]


def person(**fields: object) -> Person:
    (found,) = people("jsonl", json.dumps(fields).encode())
    return found


def is_theirs(found: Person) -> bool:
    return passwords.verify(found.encoded_password, PASSWORD) and not passwords.verify(found.encoded_password, "other")


def called(found: Person) -> tuple[list[str], list[str]]:
    return [each.typed for each in found.login_ids], [each.typed for each in found.spare_login_ids]


def test_firebase() -> None:
    context = Context(firebase=parameters_of(samples.FIREBASE_PARAMETERS))
    mia, zoe = people("firebase", samples.FIREBASE, context)
    assert called(mia) == (["mia@example.com"], ["+12025550123"])
    assert (mia.is_email_verified, mia.is_phone_verified, mia.created_at) == (True, True, 1_500_000_000)
    assert (mia.said.display_name, mia.said.external_ids) == ("Mia Moe", ("abc",))
    assert mia.attributes == {"plan": "gold", "unknown": 1}
    assert mia.is_lenient
    assert is_theirs(mia)
    assert (zoe.status, zoe.is_email_verified, zoe.encoded_password) == ("disabled", False, None)


def test_firebase_parameters_as_json_are_the_same() -> None:
    text = '{"base64_signer_key": "k", "base64_salt_separator": "Bw==", "rounds": 8, "mem_cost": 14}'
    found = parameters_of(text.encode())
    assert (found.signer_key, found.salt_separator, found.rounds, found.memory) == ("k", "Bw==", 8, 14)
    with pytest.raises(InvalidArgument, match="mem_cost"):
        parameters_of(b'{"rounds": 8}')


def test_firebase_without_its_parameters_refuses_who_has_a_password() -> None:
    first, second = FORMATS["firebase"].entries([samples.FIREBASE])
    with pytest.raises(InvalidArgument, match="hash parameters"):
        person_of(FORMATS["firebase"], first, Context())
    assert person_of(FORMATS["firebase"], second, Context()) is not None


def test_auth0_with_hashes_beside() -> None:
    known = {"auth0|1": samples.BCRYPT, "zoe@example.com": samples.BCRYPT}
    mia, zoe = people("auth0", samples.AUTH0, Context(hash_of=lambda key: known.get(key, "")))
    assert called(mia) == (["mia@example.com"], ["mia"])
    assert (mia.said.name, mia.said.display_name, mia.said.given_name) == (None, None, "Mia")
    assert (mia.is_email_verified, mia.created_at) == (True, 1_577_934_245)
    assert mia.attributes == {"plan": "gold", "colour": "red"}
    assert is_theirs(mia)
    assert (zoe.status, zoe.is_email_verified, zoe.said.external_ids) == ("disabled", False, ("auth0|2",))
    assert is_theirs(zoe)


@pytest.mark.parametrize(
    "custom",
    [
        {"algorithm": "bcrypt", "hash": {"value": samples.BCRYPT}},
        {"algorithm": "md5", "hash": {"value": "2ac0e2b0c2a7e1e6d4b9a2b1e9a0a9b3", "encoding": "hex"}},
        {"algorithm": "sha256", "hash": {"value": "a" * 64}, "salt": {"value": "s", "position": "suffix"}},
    ],
)
def test_auth0_custom_hash_is_read(custom: dict[str, object]) -> None:
    record = {"email": "mia@example.com", "custom_password_hash": custom}
    (found,) = people("auth0", json.dumps([record]).encode())
    assert found.encoded_password


def test_django() -> None:
    mia, zoe = people("django", samples.DJANGO_DUMP)
    assert called(mia) == (["mia"], ["mia@example.com"])
    assert (mia.email, mia.is_email_verified, mia.role_names) == ("mia@example.com", False, ("is_staff", "Editors"))
    assert mia.created_at == 1_577_934_245
    assert is_theirs(mia)
    assert called(zoe) == (["zoe@example.com"], [])
    assert (zoe.status, zoe.encoded_password) == ("disabled", None)
    (mia, _) = people("django", samples.DJANGO_DUMP, Context(takes_roles=False))
    assert mia.role_names == ()


def test_keycloak() -> None:
    (mia,) = people("keycloak", samples.KEYCLOAK)
    assert called(mia) == (["mia"], ["mia@example.com"])
    assert (mia.is_email_verified, mia.role_names, mia.created_at) == (True, ("Editor",), 1_500_000_000)
    assert mia.attributes == {"plan": "gold", "other": ["x", "y"]}
    assert is_theirs(mia)


def test_table() -> None:
    mia, zoe = people("csv", samples.TABLE)
    assert called(mia) == (["mia"], [])
    assert (mia.email, mia.is_email_verified, mia.role_names) == ("mia@example.com", True, ("Editor", "Viewer"))
    assert mia.tenants == {"acme": ("Editor", "Viewer"), "other": ()}
    assert mia.attributes == {"plan": "gold", "seats": "7"}
    assert is_theirs(mia)
    assert (zoe.said.name, zoe.tenants) == ("Zoe\nof two lines", {})


def test_table_with_a_column_that_is_not_known_refuses_its_rows() -> None:
    with pytest.raises(InvalidArgument, match="no column 'loginn'"):
        people("csv", b"loginn\nmia\n")


@pytest.mark.parametrize(
    "field",
    [
        {"passwordHash": samples.BCRYPT},
        {"passwordHash": samples.DJANGO},
        {"passwordHash": "avow$" + passwords.hashed(PASSWORD)},
        {"hashedPassword": {"bcrypt": {"hash": samples.BCRYPT}}},
        {"hashedPassword": {"django": {"hash": samples.DJANGO}}},
    ],
)
def test_own_form_takes_hashes(field: dict[str, object]) -> None:
    assert is_theirs(person(loginId="mia", **field))


def test_own_form_takes_what_answers_show() -> None:
    found = person(loginIds=["Mia@example.com", "mia"], name="Mia", verifiedEmail=True, userId="U1", OAuth={})
    assert called(found) == (["Mia@example.com", "mia"], [])
    assert (found.email, found.email_folded, found.is_email_verified) == ("Mia@example.com", "mia@example.com", True)


def test_nobody_vouches_for_an_address_but_the_file() -> None:
    assert not person(loginId="mia@example.com").is_email_verified
    assert not person(loginId="mia", phone="+12025550123").is_phone_verified


def test_line_of_a_report_is_imported_as_the_record_in_it() -> None:
    reported = b'{"line":7,"reason":"It was too late.","record":{"loginId": "mia"}}'
    assert [each.called for each in people("jsonl", reported)] == ["mia"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "no JSON"),
        (b"[]", "no object"),
        (b"{}", "no login ID"),
        (b'{"loginId": "a", "email": 7}', "The field email"),
        (b'{"loginId": "a", "password": "secret"}', "clear text"),
        (b'{"loginId": "a", "status": "expired"}', "expired"),
        (b'{"loginId": "a", "passwordHash": "x", "hashedPassword": {}}', "two password hashes"),
        (b'{"loginId": "a", "passwordHash": "what"}', "cannot be used"),
        (b'{"loginId": "a", "passwordHash": "avow$what"}', "cannot be used"),
        (b'{"loginId": "a", "hashedPassword": {}}', "cannot be used"),
        (b'{"loginId": "a\\u0000"}', "no JSON"),
        (b'{"loginId": "a", "email": "not one"}', "e-mail address"),
        (b'{"loginId": "\xff"}', "no JSON"),
    ],
)  # fmt: skip
def test_what_cannot_be_imported_says_why_and_shows_no_secret(line: bytes, reason: str) -> None:
    with pytest.raises(InvalidArgument, match=reason) as refused:
        people("jsonl", line)
    assert "secret" not in refused.value.error_message
    assert refused.value.error_message.endswith(".")


def test_hashes_do_not_show() -> None:
    found = person(loginId="mia", passwordHash=samples.BCRYPT)
    assert samples.BCRYPT not in repr(found)
    assert samples.BCRYPT not in repr(found.said)
