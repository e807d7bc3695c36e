"""S-SEC-01 and 02: what a thief of the database has, and what it is good for."""

import base64
import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import pytest

from avow.core.tokens import SigningKey
from avow.errors import SealBroken
from avow.server.applications import actions as applications
from avow.server.applications.actions import HeldApplication
from avow.server.audit import rows as audit_rows
from avow.server.audit import webhooks
from avow.server.keys import actions as keys
from avow.server.sso import actions as sso
from avow.server.sso.actions import Connection
from avow.server.store import Tx
from tests.bed.cases import Case
from tests.bed.server import SECRET_KEY
from tests.factories import make_access_key, make_tenant, new_email, new_phone
from tests.security.conftest import MakePlace
from tests.security.place import Place, claims_of, token_of
from tests.security.tables import everything_stored, read_table
from tests.server.oidc.relying import make_app, prepare

_SECRET_CHARACTERS = 26  # of a link's token, after the id of its challenge


def spellings(secret: str | bytes) -> Iterator[bytes]:
    """Return a value as it is, in base64 and in hex, as a search of a stolen file would try."""
    data = secret.encode() if isinstance(secret, str) else secret
    yield data
    for encoded in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
        yield encoded.rstrip(b"=")
    yield data.hex().encode()
    yield data.hex().upper().encode()


def plain_digests(secret: str) -> Iterator[bytes]:
    """Return the digests without a key that could be reversed by trying all codes."""
    for text in (secret, f"email:{secret}", f"sms:{secret}", f"otp:{secret}"):
        for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b"):
            yield hashlib.new(name, text.encode()).digest()


def test_s_sec_01_one_time_secrets_at_rest(case: Case, make_place: MakePlace) -> None:
    place = make_place(code_digits=10, rotation="always")
    case.control(lambda: place.sign_in())
    mail, phone = new_email(), new_phone()
    waiting = {"one-time code that waits": place.send_code(mail)}
    waiting["magic link that waits"] = place.send_magic_link(new_email())[-_SECRET_CHARACTERS:]
    token, pending = place.send_enchanted_link(new_email())
    waiting["enchanted link that waits"] = token[-_SECRET_CHARACTERS:]
    waiting["pending reference"] = pending[-_SECRET_CHARACTERS:]
    waiting["invitation"] = _invitation(place)[-_SECRET_CHARACTERS:]
    waiting["embedded link"] = _embedded(place)[-_SECRET_CHARACTERS:]
    assert place.api.post("/v1/auth/otp/signup-in/sms", body={"loginId": phone}).status == 200
    unsent = _unsent_code(place)
    person = place.sign_in()
    used = place.send_code(mail)
    assert place.verify_code(mail, used).status == 200
    place.advance(31)
    rotated = place.api.refresh(person.refresh_jwt).body["refreshJwt"]
    access_key = make_access_key(place.avow)[1]
    access_token = place.api.post("/v1/auth/accesskey/exchange", access_key, {}).body["sessionJwt"]
    secrets: dict[str, str] = {
        **waiting,
        "one-time code whose letter has not left": unsent,
        "one-time code that was used": used,
        "refresh token": person.refresh_jwt,
        "refresh token, its claims": person.refresh_jwt.split(".")[1],
        "refresh token, its signature": person.refresh_jwt.split(".")[2],
        "refresh token after rotation": rotated.split(".")[2],
        "session token": person.session_jwt,
        "session token, its signature": person.session_jwt.split(".")[2],
        "management key": place.avow.management_key,
        "management key, its secret part": place.avow.management_key[27:],
        "access key": access_key,
        "access key, its secret part": access_key[27:],
        "token of an access key": access_token,
        "link to set SSO up": _setup_link(place)[-_SECRET_CHARACTERS:],
        "secret key of the server": SECRET_KEY,
        **_of_clients(place),
    }
    stored = everything_stored(place.avow.server.site.store.url)
    with case.cell("the search finds what is stored"):
        assert person.session_id.encode() in stored
        assert person.id.encode() in stored
    for name, secret in secrets.items():
        with case.cell(name):
            assert len(secret) >= 10
            assert not [each for each in spellings(secret) if each in stored]
    for name in ("one-time code that waits", "one-time code whose letter has not left"):
        with case.cell(f"{name}: no digest that anybody can compute"):
            digests = [each for digest in plain_digests(secrets[name]) for each in spellings(digest)]
            assert not [each for each in digests if each in stored]
    with case.cell("addresses and codes of letters are sealed while they wait"):
        assert phone.encode() not in b"".join(_sealed(place))
    with case.cell("nothing of a letter stays once it has left"):
        place.avow.messages()
        assert [part for part in _sealed(place) if part] == []
    with case.cell("the MAC of a code is another one for another person and another project"):
        one, two = place, make_place(code_digits=10)
        macs = [_mac(each, "0123456789", who) for each in (one, two) for who in ("U1", "U2")]
        assert len(set(macs)) == 4


def _invitation(place: Place) -> str:
    login_id = new_email()
    body = {"loginId": login_id, "invite": True}
    assert place.api.post("/v1/mgmt/user/create", place.avow.management_key, body).status == 200
    return token_of(place.avow.link(login_id))


def _embedded(place: Place) -> str:
    body = {"loginId": place.sign_in().login_id}
    return str(place.api.post("/v1/mgmt/user/signin/embeddedlink", place.avow.management_key, body).body["token"])


def _setup_link(place: Place) -> str:
    tenant_id = make_tenant(place.avow)
    path, key = "/v2/mgmt/tenant/adminlinks/sso/generate", place.avow.management_key
    return str(place.api.post(path, key, {"tenantId": tenant_id}).body["adminSSOConfigurationLink"])


def _of_clients(place: Place) -> dict[str, str]:
    """Return what an application of the OpenID provider keeps, and what it was given for somebody."""
    prepare(place.avow)
    rp = make_app(place.avow)
    key, path = place.avow.management_key, "/v1/mgmt/sso/idp/app"
    code = rp.code(browser := rp.browser(), email := new_email(), scope="openid offline_access")
    used = rp.code(browser, email, scope="openid offline_access")
    answers = {
        "client secret that was added": place.api.post(f"{path}/secret/add", key, {"id": rp.id, "name": "ci"}),
        "client secret after rotation": place.api.post(f"{path}/rotate", key, {"id": rp.id}),
        "client secret of an application of others": place.api.post(
            "/v1/mgmt/thirdparty/app/create", key, {"name": "Books", "loginPageUrl": ""}
        ),
    }
    return {
        "client secret": rp.secret,
        **{name: str(answer.body["cleartext"]) for name, answer in answers.items()},
        "authorization code": code,
        "authorization code that was used": used,
        "OIDC refresh token": rp.redeem(used)["refresh_token"],
    }


def _unsent_code(place: Place) -> str:
    """Return the code of the letter that still waits, opened with the server's own key."""

    def unit(tx: Tx) -> bytes:
        from avow.server.delivery.rows import sealed_row

        ((message_id, sealed),) = [(row[1], row[8]) for row in place.rows("outbox") if row[8] is not None]
        assert isinstance(sealed, bytes | memoryview)
        return tx.vault.open(bytes(sealed), row=sealed_row(tx.project_id, str(message_id)))

    letter = json.loads(place.avow.run(unit))
    return str(letter["parameters"]["code"])


def _sealed(place: Place) -> list[bytes]:
    query = "SELECT sealed FROM outbox WHERE project_id = ?"
    rows = read_table(place.avow.server.site.store.url, query, place.avow.project_id)
    return [bytes(sealed) for (sealed,) in rows if isinstance(sealed, bytes | memoryview)]


def _mac(place: Place, code: str, subject: str) -> bytes:
    return place.avow.run(lambda tx: tx.vault.mac("challenge", tx.project_id, "otp", subject, f"email:{code}"))


# --- What can be opened again ----------------------------------------------------------------------------------


def _private_parts(key: SigningKey) -> Mapping[str, bytes]:
    der = key.to_der()
    numbers = getattr(key.private, "private_numbers", None)
    if numbers is None:  # Ed25519
        return {"PKCS#8": der, "the seed": der[-32:]}
    found = numbers()
    if hasattr(found, "d"):
        return {"PKCS#8": der, "d": found.d.to_bytes(256, "big"), "p": found.p.to_bytes(128, "big")}
    return {"PKCS#8": der, "the scalar": found.private_value.to_bytes(32, "big")}


def test_s_sec_02_reversible_secrets_are_encrypted(case: Case, place: Place) -> None:
    case.control(lambda: place.sign_in())
    place.avow.run(lambda tx: keys.create_set(tx, keys.OIDC, "RS256"))
    rows = place.avow.run(keys.published)
    opened = {f"{row.key_set} {row.state} {row.algorithm}": place.avow.run(_opener(row)) for row in rows}
    stored = everything_stored(place.avow.server.site.store.url)
    with case.cell("the search finds what is stored"):
        assert all(key.kid.encode() in stored for key in opened.values())
    for name, key in opened.items():
        for part, data in _private_parts(key).items():
            with case.cell(f"private key, {name}, {part}"):
                assert not [each for each in spellings(data) if each in stored]
    active, other = rows[0], rows[1]
    assert active.sealed_private is not None
    with case.cell("each byte of the ciphertext counts"):
        for position in range(0, len(active.sealed_private), 7):
            changed = bytearray(active.sealed_private)
            changed[position] ^= 1
            with pytest.raises(SealBroken):
                place.avow.run(_opener(dataclasses.replace(active, sealed_private=bytes(changed))))
    with case.cell("cut and lengthened ciphertext"):
        for broken in (b"", active.sealed_private[:-1], active.sealed_private + b"\0", active.sealed_private[:20]):
            with pytest.raises(SealBroken):
                place.avow.run(_opener(dataclasses.replace(active, sealed_private=broken)))
    with case.cell("ciphertext of another row"), pytest.raises(SealBroken):
        place.avow.run(_opener(dataclasses.replace(other, sealed_private=active.sealed_private)))
    with case.cell("ciphertext of another project"):
        elsewhere = place.avow.server.project()
        with pytest.raises(SealBroken):
            elsewhere.run(_opener(active))
    with case.cell("the same key sealed twice is not the same text"):
        first, second = place.avow.run(lambda tx: [tx.vault.seal(b"secret", row="a") for _ in range(2)])
        assert first != second
    _try_client_secrets(case, place)
    with case.cell("secret of an application in another one's place"):
        one, two = (make_app(place.avow).id for _ in range(2))
        held = {each: place.avow.run(partial(_held, each)) for each in (one, two)}
        moved = dataclasses.replace(held[one].secrets[0], sealed=held[two].secrets[0].sealed)
        thief = dataclasses.replace(held[one], secrets=(moved,))
        with pytest.raises(SealBroken):
            place.avow.run(lambda tx: applications.revealed(tx, thief, actor="test"))
    _try_webhooks(case, place)
    with case.cell("a letter moved to another row is not sent"):
        _swap_letters(place)
    with case.cell("the private half of a retired key is gone"):
        place.avow.run(lambda tx: keys.rotate(tx, keys.SESSION, algorithm="ES256", overlap_seconds=3600))
        states = {row.state: row.sealed_private for row in place.avow.run(keys.list_signing_keys)}
        assert states["retired"] is None


def _held(application_id: str, tx: Tx) -> HeldApplication:
    return applications.get(tx, application_id)


def _opener(row: keys.SigningKeyRow):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a unit
    return lambda tx: keys.opened(tx, row)


def _try_client_secrets(case: Case, place: Place) -> None:
    """Look for the client secrets of two tenants, and move one into the other's place."""
    secrets = {"one": "the secret of the one client", "two": "the secret of the other client"}
    for tenant_id, secret in secrets.items():
        make_tenant(place.avow, tenant_id=tenant_id)
        settings = {"name": "idp", "clientId": "us", "clientSecret": secret}
        body = {"tenantId": tenant_id, "settings": settings}
        assert place.api.post("/v1/mgmt/sso/oidc", place.avow.management_key, body).status == 200
    held = {each: place.avow.run(_loader(each)) for each in secrets}
    stored = everything_stored(place.avow.server.site.store.url)
    with case.cell("secrets of identity providers"):
        assert {each: place.avow.run(_secret_of(held[each])) for each in held} == secrets
        for secret in secrets.values():
            assert not [each for each in spellings(secret) if each in stored]
    with case.cell("secret of an identity provider in another tenant's place"), pytest.raises(SealBroken):
        place.avow.run(_secret_of(dataclasses.replace(held["one"], sealed_secret=held["two"].sealed_secret)))
    with case.cell("secret of an identity provider in another configuration's place"), pytest.raises(SealBroken):
        place.avow.run(_secret_of(dataclasses.replace(held["one"], id="second")))


def _try_webhooks(case: Case, place: Place) -> None:
    """Look for the secret and the headers of a webhook, and move one into another's place."""
    path, key = "/v2/mgmt/connector/audit/web/set", place.avow.management_key
    given = {"one": "the secret that signs for one", "two": "the secret that signs for two"}
    for name, secret in given.items():
        headers = {"Authorization": f"Bearer {secret}, and more"}
        body = {"name": name, "url": "https://hooks.example.com/", "hmacSecret": secret, "headers": headers}
        assert place.api.post(path, key, body).status == 200
    rows = {row.name: row for row in place.avow.run(lambda tx: tx.all(audit_rows.WEBHOOKS, audit_rows.WebhookRow))}
    stored = everything_stored(place.avow.server.site.store.url)
    with case.cell("secret of the audit webhook"):
        opened = {name: place.avow.run(_webhook_of(row)).sealed.secret for name, row in rows.items()}
        assert opened == given
        for secret in given.values():
            assert not [each for each in spellings(secret) if each in stored]
    with case.cell("secret of a webhook in another one's place"), pytest.raises(SealBroken):
        place.avow.run(_webhook_of(dataclasses.replace(rows["one"], sealed=rows["two"].sealed)))
    for name in given:
        assert place.api.post(path, key, {"name": name, "url": ""}).status == 200


def _webhook_of(row: audit_rows.WebhookRow) -> Callable[[Tx], webhooks.Webhook]:
    return lambda tx: webhooks.opened(tx, row)


def _loader(tenant_id: str) -> Callable[[Tx], Connection]:
    return lambda tx: sso.load(tx, tenant_id, "")


def _secret_of(connection: Connection) -> Callable[[Tx], str]:
    return lambda tx: sso.client_secret(tx, connection)


def _swap_letters(place: Place) -> None:
    victim, attacker = new_email("victim"), new_email("attacker")
    for address in (victim, attacker):
        started = place.api.post("/v1/auth/otp/signup/email", body={"loginId": address})
        assert started.status == 200
    one, two = [(row[1], row[8]) for row in place.rows("outbox") if row[8] is not None]
    change = "UPDATE outbox SET sealed = :sealed WHERE project_id = :project_id AND id = :id"

    def swap(tx: Tx) -> None:
        tx.run(change, id=str(one[0]), sealed=bytes(two[1]))  # type: ignore[call-overload]
        tx.run(change, id=str(two[0]), sealed=bytes(one[1]))  # type: ignore[call-overload]

    place.avow.run(swap)
    assert place.avow.messages(victim) == []
    assert place.avow.messages(attacker) == []
    assert claims_of(place.sign_in().session_jwt)
