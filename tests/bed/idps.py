"""The fixtures of the SAML identity providers: other people's code that signs our people in."""

from collections.abc import Iterator
from typing import Final

import pytest

from tests.bed.idp_pysaml2 import PySaml2, running_pysaml2
from tests.bed.idp_simplesamlphp import SimpleSamlPhp, running_simplesamlphp
from tests.bed.idp_visit import Person
from tests.bed.plugin import program

ALICE: Final = Person(
    "alice",
    "alice's password",
    {
        "mail": ["alice@example.com"],
        "displayName": ["Alice Example"],
        "givenName": ["Alice"],
        "sn": ["Example"],
        "groups": ["staff", "admins"],
    },
)
BOB: Final = Person(
    "bob", "bob's password", {"mail": ["bob@example.com"], "displayName": ["Bob Example"], "groups": []}
)


@pytest.fixture(scope="session")
def xmlsec1(pytestconfig: pytest.Config) -> str:
    """Give the path of xmlsec1."""
    return program(pytestconfig, "xmlsec1").where


@pytest.fixture(scope="module")
def simplesamlphp(pytestconfig: pytest.Config) -> Iterator[SimpleSamlPhp]:
    """Give a running SimpleSAMLphp that knows alice and bob; it trusts whom `trust` names."""
    folder = program(pytestconfig, "simplesamlphp").where
    with running_simplesamlphp((ALICE, BOB), f"{folder}/www") as started:
        yield started


@pytest.fixture(scope="module")
def _pysaml2(xmlsec1: str) -> Iterator[PySaml2]:
    with running_pysaml2(ALICE) as started:
        yield started


@pytest.fixture
def pysaml2(_pysaml2: PySaml2) -> PySaml2:
    """Give a running pysaml2 that signs alice in; it trusts whom `trust` names."""
    _pysaml2.begin(ALICE)
    return _pysaml2
