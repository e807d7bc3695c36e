"""The identity providers of the bed sign somebody in at a service provider, ours without a server around it."""

import time
import urllib.request
from typing import Any

import pytest

from avow.core.saml import (
    Asked,
    Assertion,
    Binding,
    Demand,
    Expected,
    IdentityProvider,
    PostForm,
    RedirectUrl,
    ServiceProvider,
    authn_request,
    new_key,
    parse_metadata,
    read_response,
    sp_metadata,
)
from tests.bed.idp_pysaml2 import AES_CBC, PySaml2
from tests.bed.idp_simplesamlphp import SimpleSamlPhp
from tests.bed.idp_visit import Form, visit
from tests.bed.idps import ALICE, BOB

SP = ServiceProvider(entity_id="http://localhost:1/saml/T1", acs_url="http://localhost:1/saml/T1/acs")
KEY = new_key("bed", int(time.time()))
MFA = "https://refeds.org/profile/mfa"


def described(idp: SimpleSamlPhp | PySaml2) -> IdentityProvider:
    with urllib.request.urlopen(idp.metadata_url, timeout=20) as answer:
        found = parse_metadata(answer.read(), idp.entity_id, int(time.time()))
    assert found.sso_url == idp.sso_url
    return found


def asked(idp: IdentityProvider, **changes: Any) -> str:
    made = authn_request(idp, SP, Asked(id="_r1", relay_state="state", **changes), int(time.time()), key=KEY)
    assert isinstance(made, RedirectUrl)
    return made.url


def said(idp: IdentityProvider, form: Form, **changes: Any) -> Assertion:
    given: dict[str, Any] = {"idp": idp, "sp": SP, "request_id": "_r1", "keys": (KEY,)}
    expected = Expected(**(given | changes))
    return read_response(form.fields["SAMLResponse"], expected, int(time.time()))


def check_alice(found: Assertion) -> None:
    assert found.subject == "alice"
    assert found.values("email") == ("alice@example.com",)
    assert found.values("name") == ("Alice Example",)
    assert found.values("groups") == ("staff", "admins")


# --- SimpleSAMLphp ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"saml20__sign__response": False},
        {"saml20__sign__assertion": True, "assertion__encryption": True},
    ],
)
def test_simplesamlphp_signs_in(simplesamlphp: SimpleSamlPhp, settings: dict[str, bool]) -> None:
    simplesamlphp.trust(sp_metadata(SP, [KEY.certificate]), **settings)
    idp = described(simplesamlphp)
    form = visit(asked(idp), ALICE)
    assert (form.action, form.fields["RelayState"]) == (SP.acs_url, "state")
    check_alice(said(idp, form))
    assert said(idp, visit(asked(idp), BOB)).subject == "bob"


def test_simplesamlphp_checks_our_signature(simplesamlphp: SimpleSamlPhp) -> None:
    simplesamlphp.trust(sp_metadata(SP, [new_key("another", int(time.time())).certificate]))
    with pytest.raises(AssertionError, match="answers otherwise"):
        visit(asked(described(simplesamlphp)), ALICE)


def test_simplesamlphp_signs_in_by_itself(simplesamlphp: SimpleSamlPhp) -> None:
    simplesamlphp.trust(sp_metadata(SP, [KEY.certificate]))
    form = visit(simplesamlphp.initiated_url(SP.entity_id, "there"), ALICE)
    found = said(described(simplesamlphp), form, request_id=None, accepts_unsolicited=True)
    assert (found.subject, found.in_response_to, form.fields["RelayState"]) == ("alice", None, "there")


# --- pysaml2 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("binding", Binding)
@pytest.mark.parametrize(
    "settings",
    [{}, {"is_encrypted": True}, {"is_encrypted": True, "content": AES_CBC, "is_response_signed": True}],
    ids=["plain", "AES-GCM", "AES-CBC"],
)
def test_pysaml2_signs_in(pysaml2: PySaml2, binding: Binding, settings: dict[str, Any]) -> None:
    pysaml2.trust(sp_metadata(SP, [KEY.certificate]))
    pysaml2.turn(**settings)
    idp = described(pysaml2)
    found = IdentityProvider(
        entity_id=idp.entity_id, sso_url=idp.sso_url, certificates=idp.certificates, binding=binding
    )
    made = authn_request(found, SP, Asked(id="_r1", relay_state="state"), int(time.time()), key=KEY)
    form = visit(made.action, fields=dict(made.fields)) if isinstance(made, PostForm) else visit(made.url)
    assert (form.action, form.fields["RelayState"]) == (SP.acs_url, "state")
    check_alice(said(idp, form))
    assert pysaml2.requests == ["_r1"]
    assert pysaml2.errors == []


def test_pysaml2_signs_in_whomever_it_knows(pysaml2: PySaml2) -> None:
    pysaml2.trust(sp_metadata(SP, [KEY.certificate]))
    pysaml2.know(BOB)
    idp = described(pysaml2)
    assert said(idp, visit(asked(idp))).subject == "bob"


def test_pysaml2_states_any_class(pysaml2: PySaml2) -> None:
    pysaml2.trust(sp_metadata(SP, [KEY.certificate]))
    pysaml2.turn(context=MFA)
    idp = described(pysaml2)
    assert said(idp, visit(asked(idp)), needs_multi_factor=True).is_multi_factor


def test_pysaml2_signs_the_response_only_when_it_is_told_to(pysaml2: PySaml2) -> None:
    pysaml2.trust(sp_metadata(SP, [KEY.certificate]))
    pysaml2.turn(is_assertion_signed=False, is_response_signed=True)
    idp = described(pysaml2)
    check_alice(said(idp, visit(asked(idp)), demand=Demand.RESPONSE))


def test_pysaml2_checks_our_signature(pysaml2: PySaml2) -> None:
    pysaml2.trust(sp_metadata(SP, [new_key("another", int(time.time())).certificate]))
    with pytest.raises(AssertionError, match="answers otherwise"):
        visit(asked(described(pysaml2)))
    assert pysaml2.requests == []
