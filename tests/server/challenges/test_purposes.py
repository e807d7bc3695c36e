"""Challenges are found again by subject, whatever their purpose."""

import pytest

from avow.server.challenges import actions as challenges
from avow.server.challenges.rows import PURPOSES
from avow.server.store import Tx
from avow.testing.server import Avow


def _put(tx: Tx, purpose: str, subject: str, *, spares_live: bool = False) -> str:
    return challenges.put(
        tx,
        purpose=purpose,
        subject=subject,
        secret="secret",
        binding="{}",
        attempts=1,
        lifetime_seconds=60,
        spares_live=spares_live,
    )


def _left(avow: Avow) -> set[tuple[str, str]]:
    statement = "SELECT purpose, subject FROM challenges WHERE project_id = :project_id"
    return set(avow.run(lambda tx: tx.all(statement, lambda purpose, subject: (purpose, subject))))


def test_all_of_a_subject_are_dropped(avow: Avow) -> None:
    everything = {(purpose, subject) for purpose in PURPOSES for subject in ("U1", "U2", "U3")}
    for purpose, subject in everything:
        avow.run(lambda tx, purpose=purpose, subject=subject: _put(tx, purpose, subject))  # type: ignore[misc]
    avow.run(lambda tx: challenges.drop_all(tx, "U1"))
    assert _left(avow) == {each for each in everything if each[1] != "U1"}
    avow.run(lambda tx: challenges.drop_several(tx, ["U2", "U3", "U4"]))
    assert _left(avow) == set()


def test_purpose_that_would_not_be_found_again_is_refused(avow: Avow) -> None:
    with pytest.raises(TypeError, match="purposes"):
        avow.run(lambda tx: _put(tx, "another", "U1"))


def test_live_challenge_is_spared_and_a_dead_one_is_not(avow: Avow) -> None:
    first = avow.run(lambda tx: _put(tx, "otp", "U1"))
    second = avow.run(lambda tx: _put(tx, "otp", "U1", spares_live=True))
    assert avow.run(lambda tx: challenges.is_live(tx, purpose="otp", challenge_id=first))
    assert not avow.run(lambda tx: challenges.is_live(tx, purpose="otp", challenge_id=second))
    avow.advance(61)
    third = avow.run(lambda tx: _put(tx, "otp", "U1", spares_live=True))
    assert avow.run(lambda tx: challenges.is_live(tx, purpose="otp", challenge_id=third))
