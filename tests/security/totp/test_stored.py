"""S-SEC-01 and 02: what a thief of the database has of recovery codes and seeds."""

import pytest

from avow.core import recoverycodes, totp
from avow.errors import SealBroken
from avow.server.store import Tx
from tests.bed.cases import Case
from tests.security.place import Place
from tests.security.secrets.test_at_rest import plain_digests, spellings
from tests.security.tables import everything_stored
from tests.security.totp.people import UPDATE, Owner, enrol, make_owner

GENERATE = "/v1/auth/avow/recoverycodes/generate"


def test_s_sec_01_recovery_codes_at_rest(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: bool(make_owner(place).sign_in()))
    person = place.sign_in()
    codes = place.api.post(GENERATE, person.refresh_jwt).body["codes"]
    used = {"loginId": person.login_id, "code": codes[0]}
    assert place.api.post("/v1/auth/avow/recoverycodes/verify", body=used).status == 200
    stored = everything_stored(place.avow.server.site.store.url)
    with case.cell("recovery codes"):
        assert person.id.encode() in stored
        for code in codes:
            for text in (code, recoverycodes.bare(code), code.lower(), recoverycodes.bare(code).lower()):
                assert not [each for each in spellings(text) if each in stored]
    with case.cell("recovery codes: no digest that anybody can compute"):
        for code in codes:
            for text in (code, recoverycodes.bare(code)):
                digests = [each for digest in plain_digests(text) for each in spellings(digest)]
                assert not [each for each in digests if each in stored]
    with case.cell("the MAC of a recovery code is another one for another person"):
        macs = {place.avow.run(lambda tx, who=who: _mac(tx, who)) for who in ("U1", "U2")}  # type: ignore[misc]
        assert len(macs) == 2


def _mac(tx: Tx, user_id: str) -> bytes:
    return tx.vault.mac("recovery-code", tx.project_id, user_id, "7K3MQX0D9ZTA")


def test_s_sec_02_seeds_of_apps_are_sealed(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: bool(make_owner(place).sign_in()))
    person = place.sign_in()
    shown = place.api.post(UPDATE, person.refresh_jwt, {"loginId": person.login_id}).body
    waiting = totp.seed_bytes(shown["key"])
    one, two = make_owner(place), make_owner(place)
    stored = everything_stored(place.avow.server.site.store.url)
    with case.cell("the search finds what is stored"):
        assert one.id.encode() in stored
        assert b"sealed_seed" in stored
    for name, seed in {"that waits for its first code": waiting, "that counts": one.seed}.items():
        with case.cell(f"seed {name}"):
            for secret in (seed, totp.key_text(seed), totp.key_text(seed).lower()):
                assert not [each for each in spellings(secret) if each in stored]
    with case.cell("seed in another user's place"):
        sealed = {str(row[1]): row[2] for row in place.rows("totp_seeds", "user_id")}
        _move(place, bytes(sealed[one.id]), to=two)  # type: ignore[call-overload]
        assert two.send(one.code()).status == 500
        with pytest.raises(SealBroken):
            place.avow.run(lambda tx: _opened(tx, two))
        _move(place, bytes(sealed[two.id]), to=two)  # type: ignore[call-overload]
        assert two.send(two.code()).status == 200
    with case.cell("seed of which a byte was changed"):
        changed = bytearray(sealed[one.id])  # type: ignore[call-overload]
        changed[-1] ^= 1
        _move(place, bytes(changed), to=one)
        with pytest.raises(SealBroken):
            place.avow.run(lambda tx: _opened(tx, one))
    with case.cell("seed that waits in another challenge's place"):
        thief = place.sign_in()
        phone = enrol(place, thief.login_id, thief.refresh_jwt)
        place.avow.run(lambda tx: _swap(tx, person.id, thief.id))
        own = Owner(place, person.id, person.login_id, phone, b"")
        assert own.send(own.code()).status == 500


def _opened(tx: Tx, owner: Owner) -> bytes:
    statement = "SELECT sealed_seed FROM totp_seeds WHERE project_id = :project_id AND user_id = :user_id"
    sealed = tx.one(statement, bytes, user_id=owner.id)
    return tx.vault.open(sealed or b"", row=totp.sealed_row(tx.project_id, owner.id))


def _move(place: Place, sealed: bytes, *, to: Owner) -> None:
    statement = "UPDATE totp_seeds SET sealed_seed = :sealed WHERE project_id = :project_id AND user_id = :user_id"
    place.avow.run(lambda tx: tx.run(statement, sealed=sealed, user_id=to.id))


def _swap(tx: Tx, victim: str, thief: str) -> None:
    """Give the seed that the thief asked for to the victim's enrolment."""
    statement = """
        UPDATE challenges SET binding = (
            SELECT c.binding FROM challenges c
            WHERE c.project_id = :project_id AND c.purpose = 'totp' AND c.subject = :thief)
        WHERE project_id = :project_id AND purpose = 'totp' AND subject = :victim
    """
    assert tx.run(statement, thief=thief, victim=victim) == 1
