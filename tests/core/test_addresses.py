"""Login IDs, e-mail addresses and phone numbers: what is one account, what is refused, what is shown."""

import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from avow.core import addresses
from avow.errors import AvowError, InvalidArgument

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
LOCALS = st.text("abcdefghijklmnopqrstuvwxyz0123456789.+-_é", min_size=1, max_size=20)


@pytest.mark.parametrize(
    "typed",
    ["alice@example.com", "ALICE@EXAMPLE.COM", " alice@example.com", "alice@example.com ", "Alice@Example.com"],
)
def test_case_and_outer_spaces_are_one_account(typed: str) -> None:
    assert addresses.login_id(typed).canonical == "alice@example.com"


def test_typed_form_is_kept_for_display() -> None:
    assert addresses.login_id(" Alice@Example.com ").typed == "Alice@Example.com"


def test_composed_and_decomposed_letters_are_one_account() -> None:
    assert addresses.login_id("Andre\u0301").canonical == addresses.login_id("andr\u00e9").canonical


def test_final_sigma_is_the_case_of_a_sigma() -> None:
    odos = "\u03bf\u03b4\u03bf\u03c2"
    assert addresses.login_id(odos.upper()).canonical == addresses.login_id(odos).canonical


@pytest.mark.parametrize(
    ("person", "imitation"),
    [
        ("admin@example.com", "\uff41dmin@example.com"),  # full-width a
        ("admin@example.com", "\u0430dmin@example.com"),  # Cyrillic a
        ("mike", "m\u0131ke"),  # dotless i
        ("MIKE", "M\u0130KE"),  # dotted capital I
        ("mike", "m\u2170ke"),  # small roman numeral one
        ("fiona", "\ufb01ona"),  # ligature
        ("strasse", "stra\u00dfe"),
        ("strasse", "stra\u1e9ee"),  # capital sharp s
        ("sam", "\u017fam"),  # long s
        ("x1", "x\u00b9"),  # superscript
        ("12125551234", "\uff11\uff12125551234"),  # full-width digits
        ("cafe", "caf\u00e9"),
    ],
)
def test_look_alike_is_another_account(person: str, imitation: str) -> None:
    assert addresses.login_id(person).canonical != addresses.login_id(imitation).canonical


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "mike\u200b",  # zero-width space
        "mi\u200dke",  # zero-width joiner
        "mike\u202e",  # bidi override
        "mike\u2066",
        "\ufeffmike",
        "mi\u00adke",  # soft hyphen
        "mike\u034f",  # combining grapheme joiner
        "mike\ufe0f",  # variation selector
        "mike\U000e0101",
        "mike\u3164",  # Hangul filler
        "mike\u2800",  # Braille blank
        "mi\u00a0ke",  # no-break space
        "mike\u3000",
        "mike\u2028",
        "mike\u0000",
        "mike\u001b[31m",
        "mike\ud800",
        "mike\ue000",  # private use
        "mike\uffff",  # not a character
        "alice@example.com\n",
        "alice\r\nBcc: eve@example.org",
        "mike\t",
        "mi\u212ae",  # Kelvin sign, equivalent to K
        "mike\u037e",  # Greek question mark, equivalent to a semicolon
        "mike\u1fef",  # equivalent to a grave accent
        "e" + "\u0301" * 10_000,
        "a" * 255,
        "a" * 250 + "@example.com",
    ],
)
def test_what_cannot_be_seen_or_is_too_long_is_refused(typed: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        addresses.login_id(typed)
    assert (refused.value.status_code, refused.value.error_code) == (400, "E011004")
    assert refused.value.error_message.endswith(".")


BROKEN_ADDRESSES = [
    "alice@example.com.",
    "a@x,b@evil.example",
    "a@x b@evil.example",
    "a@x.test,b@evil.example",
    "a@x.test;b@evil.example",
    "a@x.test\r\nBcc: b@evil.example",
    '"a@x.test" <b@evil.example>',
    "<b@evil.example>",
    "a@x@evil.example",
    "a@x.test%0aCc:b@evil.example",
    "a b@example.com",
    "a@example.com (comment)",
    '"a b"@example.com',
    "@",
    "a@",
]


@pytest.mark.parametrize("typed", BROKEN_ADDRESSES)
def test_several_or_broken_addresses_are_no_login_id(typed: str) -> None:
    with pytest.raises(InvalidArgument):
        addresses.login_id(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *BROKEN_ADDRESSES,
        "",
        "alice",
        "@example.com",
        "alice@localhost",
        "alice@[127.0.0.1]",
        "alice@example..com",
        ".alice@example.com",
        "alice@-example.com",
        "a" * 65 + "@example.com",
        "alice@" + "a" * 64 + ".com",
        "alice@\uff45xample.com",  # full-width letter
        "alice@example\u3002com",  # ideographic full stop
        "alice@\u212arypton.example",
        "alice\u200b@example.com",
        "alice@exam\u00adple.com",
        "alice@ex\u2100mple.com",
    ],
)
def test_what_is_not_exactly_one_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidArgument):
        addresses.email(typed)


@pytest.mark.parametrize(
    ("typed", "folded", "deliverable"),
    [
        ("Desmond@Example.com", "desmond@example.com", "Desmond@example.com"),
        (" desmond@example.com ", "desmond@example.com", "desmond@example.com"),
        ("d.c+tag@mail.test", "d.c+tag@mail.test", "d.c+tag@mail.test"),
        ("user@B\u00dcCHER.example", "user@xn--bcher-kva.example", "user@xn--bcher-kva.example"),
        ("user@XN--BCHER-KVA.example", "user@xn--bcher-kva.example", "user@xn--bcher-kva.example"),
        ("user@stra\u00dfe.example", "user@xn--strae-oqa.example", "user@xn--strae-oqa.example"),
        ("Jos\u00c9@example.com", "jos\u00e9@example.com", "Jos\u00c9@example.com"),
    ],
)
def test_address_is_folded_for_lookup_and_kept_for_display(typed: str, folded: str, deliverable: str) -> None:
    found = addresses.email(typed)
    assert (found.address, found.folded, found.deliverable) == (typed.strip(), folded, deliverable)


@pytest.mark.parametrize(
    "typed", ["user@b\u00fccher.example", "user@B\u00dcCHER.example", "user@xn--bcher-kva.example"]
)
def test_login_id_of_one_mailbox_is_one_account(typed: str) -> None:
    assert addresses.login_id(typed).canonical == "user@xn--bcher-kva.example"


@pytest.mark.parametrize("typed", ["+12125551234", "+1 (212) 555-1234", " +1.212.555.1234 "])
def test_login_id_with_country_code_drops_separators(typed: str) -> None:
    assert addresses.login_id(typed).canonical == addresses.phone(typed).e164 == "+12125551234"


def test_name_of_digits_stays_a_name() -> None:
    assert addresses.login_id("212-555-1234").canonical == "212-555-1234"


def test_inner_spaces_of_a_name_are_kept() -> None:
    assert addresses.login_id(" Desmond  Copeland ").canonical == "desmond  copeland"


def test_every_code_point_is_refused_or_folded_once_and_for_all() -> None:
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        try:
            canonical = addresses.login_id(f"a{character}b").canonical
        except InvalidArgument:
            continue
        assert addresses.login_id(canonical).canonical == canonical
        # Only ASCII itself may become ASCII: nobody else's plain name can be reached.
        assert character.isascii() or not canonical.isascii(), hex(number)


def test_only_case_and_composition_merge_code_points() -> None:
    seen: dict[str, str] = {}
    for number in range(0x80, sys.maxunicode + 1):
        character = chr(number)
        try:
            canonical = addresses.login_id(f"a {character}").canonical
        except InvalidArgument:
            continue
        other = seen.setdefault(canonical, character)
        lowered = {unicodedata.normalize("NFC", each).lower() for each in (character, other)} - {"\u03c2", "\u03c3"}
        assert len(lowered) <= 1, (hex(number), other)


@given(ANY_TEXT)
@example("\u0130\u0307@x.test")
@example("a@\u0345.test")
def test_login_id_is_refused_kindly_or_canonical_for_ever(text: str) -> None:
    try:
        found = addresses.login_id(text)
    except AvowError:
        return
    assert len(found.canonical) <= addresses.MAX_LENGTH
    assert addresses.login_id(found.canonical).canonical == found.canonical
    assert found.canonical.encode()
    assert found.canonical.splitlines() == [found.canonical]


@given(
    st.one_of(ANY_TEXT, st.builds("{}@{}".format, ANY_TEXT, ANY_TEXT), st.builds("{}@{}.test".format, LOCALS, LOCALS))
)
@example("a@xn--a.test")
@example("a@xn--.test")
@example("a@" + "\u0d3d" * 200 + ".test")
def test_email_is_refused_kindly_or_canonical_for_ever(text: str) -> None:
    try:
        found = addresses.email(text)
    except AvowError:
        return
    again = addresses.email(found.folded)
    assert again.folded == found.folded
    assert addresses.login_id(text).canonical == found.folded
    assert addresses.email(found.deliverable).folded == found.folded
    assert found.deliverable.count("@") == 1
    assert addresses.is_email(text)


@pytest.mark.parametrize(
    ("typed", "region", "e164", "country", "prefix"),
    [
        ("212-555-1234", None, "+12125551234", "US", "+1212"),
        ("(212) 555 1234", None, "+12125551234", "US", "+1212"),
        ("+18005551234", None, "+18005551234", "US", "+1800"),
        (" +1 212 555 1234 ", "DE", "+12125551234", "US", "+1212"),
        ("030 123456", "DE", "+4930123456", "DE", "+49301"),
        ("+44 20 7946 0018", None, "+442079460018", "GB", "+44207"),
        ("+12425551234", None, "+12425551234", "BS", "+1242"),
        ("+15555550100", None, "+15555550100", "", "+1555"),  # no range of one country
        ("+37251234567", None, "+37251234567", "EE", "+372512"),
    ],
)
def test_number_is_read(typed: str, region: str | None, e164: str, country: str, prefix: str) -> None:
    found = addresses.phone(typed, region)
    assert (found.e164, found.country, found.prefix, found.is_costly) == (e164, country, prefix, False)


@pytest.mark.parametrize(
    "typed", ["+19005551234", "+881612345678", "+870773111632", "+883510001234567", "+979123456789"]
)
def test_premium_and_satellite_numbers_are_costly(typed: str) -> None:
    assert addresses.phone(typed).is_costly


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "+",
        "desmond",
        "1",
        "555-1234",
        "+999123456789",
        "2125551234567",
        "+123456",
        "+1212555123456789",
        "1-800-FLOWERS",
        "+12125551234 ext. 5",
        "+12125551234;phone-context=evil.example",
        "tel:+12125551234",
        "\uff0b12125551234",
        "\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660",
        "+12125551234\n",
        "+12125551234\u0000",
        "+12125551234,+12125551235",
        "+" + "1" * 10_000,
    ],
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidArgument):
        addresses.phone(typed)


@pytest.mark.parametrize(("typed", "e164"), [("+1234567890", "+1234567890"), ("+1 (212) 555-12345", "+121255512345")])
def test_number_with_its_country_code_may_have_another_length_and_is_marked(typed: str, e164: str) -> None:
    found = addresses.phone(typed)
    assert (found.e164, found.is_possible) == (e164, False)
    assert addresses.phone("+12125551234").is_possible


@given(st.one_of(ANY_TEXT, st.text("+0123456789 ().-/", max_size=24)))
@example("+11234567")
@example("+1234567890")
def test_phone_is_refused_kindly_or_canonical_for_ever(text: str) -> None:
    try:
        found = addresses.phone(text)
    except AvowError:
        return
    assert addresses.phone(found.e164) == found
    assert found.e164.startswith(found.prefix)


@pytest.mark.parametrize(
    ("text", "is_email", "is_phone"),
    [
        ("desmond@example.com", True, False),
        (" desmond@example.com ", True, False),
        ("desmond@localhost", False, False),
        ("a@b@example.com", False, False),
        ("+12125551234", False, True),
        ("212-555-1234", False, True),
        ("desmond", False, False),
        ("12345", False, False),
        ("1234567890123456", False, False),
        ("", False, False),
    ],
)
def test_classifiers(text: str, is_email: bool, is_phone: bool) -> None:
    assert (addresses.is_email(text), addresses.is_phone(text)) == (is_email, is_phone)


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("desmond@example.com", "d***@e***.com"),
        ("desmond@mail.example.co.uk", "d***@m***.uk"),
        ("al@x.test", "a***@***.test"),
        ("a@x.test", "***@***.test"),
    ],
)
def test_masked_email_shows_at_most_first_letters(address: str, masked: str) -> None:
    assert addresses.masked_email(address) == masked


@pytest.mark.parametrize(("number", "masked"), [("+12125551234", "+*********34"), ("+12345", "+*****"), ("+1", "+*")])
def test_masked_phone_shows_at_most_two_digits(number: str, masked: str) -> None:
    assert addresses.masked_phone(number) == masked


@given(LOCALS)
def test_masked_email_never_contains_the_local_part(local: str) -> None:
    assert local not in addresses.masked_email(f"{local}@example.com").partition("@")[0]


@given(st.integers(0, 10**15 - 1))
def test_masked_phone_hides_all_but_two_digits(number: int) -> None:
    masked = addresses.masked_phone(f"+{number}")
    assert sum(character.isdigit() for character in masked) <= 2
    assert len(masked) == len(str(number)) + 1
