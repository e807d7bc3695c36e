"""Names of makers: known numbers only, in the form that they are compared in."""

from uuid import UUID

from avow.core.passkeys import makers
from tests.bed.authenticator import ICLOUD, NO_AAGUID


def test_known_number_has_a_name_and_others_have_none() -> None:
    assert makers.maker(ICLOUD) == "iCloud Keychain"
    assert makers.maker(NO_AAGUID) == ""
    assert makers.maker("<script>") == ""


def test_numbers_are_written_as_they_are_compared() -> None:
    for number, name in makers.MAKERS.items():
        assert str(UUID(number)) == number
        assert 0 < len(name) <= 64
