"""S-SAM-01: the genuine response arranged anew around a forged assertion."""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from lxml import etree

from avow.core.saml import Demand, Reason
from tests.saml.maker import (
    A,
    P,
    Told,
    assertion_xml,
    response_xml,
    signed,
)
from tests.saml.pieces import (
    ASSERTION_ID,
    SIGNATURE,
    Cast,
    Rows,
    as_object,
    as_text,
    evil_assertion,
    of_response,
    tree,
    within,
)

_XML_ID: Final = "{http://www.w3.org/XML/1998/namespace}id"


def wrapped(cast: Cast, told: Told) -> Rows:
    whole = response_xml(cast.idp, told, assertion_xml(cast.idp, told))
    by_response, by_assertion = of_response(cast, whole), signed(whole, ASSERTION_ID, cast.idp.key)
    shapes: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
        "XSW1: the signed response in the signature of a forged one": (by_response, _xsw1),
        "XSW2: the signed response before its detached signature": (by_response, _xsw2),
        "XSW3: the forged assertion before the signed one": (by_assertion, _xsw3),
        "XSW4: the forged assertion around the signed one": (by_assertion, _xsw4),
        "XSW5: the signature in the forged assertion, the signed one after it": (by_assertion, _xsw5),
        "XSW6: the signed assertion in the signature of the forged one": (by_assertion, _xsw6),
        "XSW7: the forged assertion in Extensions": (by_assertion, _xsw7),
        "XSW8: the signed assertion in an Object of the forged one's signature": (by_assertion, _xsw8),
        "the forged assertion after the signed one": (by_assertion, _after),
        "a clone with the same id before the signed one": (by_assertion, _clone_before),
        "a clone with the same id after the signed one": (by_assertion, _clone_after),
        "the signed assertion in the Advice of the forged one": (by_assertion, _in_advice),
        "the signed assertion in the StatusDetail": (by_assertion, _in_status_detail),
        "the signed assertion in an attribute of the forged one": (by_assertion, _in_attribute),
        "the signed assertion below an element that nobody knows": (by_assertion, _below_unknown),
        "the forged assertion in an Object of the signed one's signature": (by_assertion, _in_own_object),
        "another element with the id of the signed assertion": (by_assertion, partial(_namesake, name="ID")),
        "another element with that id, as Id": (by_assertion, partial(_namesake, name="Id")),
        "another element with that id, as xml:id": (by_assertion, partial(_namesake, name=_XML_ID)),
        "a copy of the signature in Extensions": (by_assertion, _signature_in_extensions),
        "the forged assertion beside a signed response's": (by_response, _after),
    }
    known = (Reason.STRUCTURE, Reason.SIGNATURE_MISPLACED, Reason.DUPLICATE_ID, Reason.SIGNATURE_FORM)
    for title, (document, shape) in shapes.items():
        root = shape(tree(document), evil_assertion(cast, told))
        demand = Demand.EITHER if document is by_response else Demand.ASSERTION
        yield title, as_text(root), Reason.STRUCTURE, {"or_": known, "demand": demand}


def _assertion_of(root: Any) -> Any:
    return root.find(f"{{{A}}}Assertion")


def _forged_response(root: Any, evil: Any) -> tuple[Any, Any, Any]:
    """Return a response with the forged assertion, the signed response, and its signature taken out."""
    forged = copy.deepcopy(root)
    forged.set("ID", "_forged")
    forged.replace(_assertion_of(forged), evil)
    forged.remove(forged.find(SIGNATURE))
    genuine = copy.deepcopy(root)
    signature = genuine.find(SIGNATURE)
    genuine.remove(signature)
    return forged, genuine, signature


def _xsw1(root: Any, evil: Any) -> Any:
    forged, genuine, signature = _forged_response(root, evil)
    signature.append(as_object(genuine))
    forged.insert(1, signature)
    return forged


def _xsw2(root: Any, evil: Any) -> Any:
    forged, genuine, signature = _forged_response(root, evil)
    forged.insert(1, genuine)
    forged.insert(2, signature)
    return forged


def _xsw3(root: Any, evil: Any) -> Any:
    _assertion_of(root).addprevious(evil)
    return root


def _xsw4(root: Any, evil: Any) -> Any:
    signed_one = _assertion_of(root)
    root.replace(signed_one, evil)
    evil.append(signed_one)
    return root


def _xsw5(root: Any, evil: Any) -> Any:
    signed_one = _assertion_of(root)
    signature = signed_one.find(SIGNATURE)
    signed_one.remove(signature)
    evil.insert(1, signature)
    signed_one.addprevious(evil)
    return root


def _xsw6(root: Any, evil: Any) -> Any:
    signed_one = _assertion_of(root)
    signature = signed_one.find(SIGNATURE)
    signed_one.remove(signature)
    root.replace(signed_one, evil)
    signature.append(signed_one)
    evil.insert(1, signature)
    return root


def _xsw7(root: Any, evil: Any) -> Any:
    evil.set("ID", ASSERTION_ID)
    root.insert(1, within(f"{{{P}}}Extensions", evil))
    return root


def _xsw8(root: Any, evil: Any) -> Any:
    signed_one = _assertion_of(root)
    signature = signed_one.find(SIGNATURE)
    signed_one.remove(signature)
    root.replace(signed_one, evil)
    evil.set("ID", ASSERTION_ID)
    signature.append(as_object(signed_one))
    evil.insert(1, signature)
    return root


def _after(root: Any, evil: Any) -> Any:
    root.append(evil)
    return root


def _clone_before(root: Any, evil: Any) -> Any:
    evil.set("ID", ASSERTION_ID)
    return _xsw3(root, evil)


def _clone_after(root: Any, evil: Any) -> Any:
    evil.set("ID", ASSERTION_ID)
    return _after(root, evil)


def _in_advice(root: Any, evil: Any) -> Any:
    signed_one = _assertion_of(root)
    root.replace(signed_one, evil)
    evil.find(f"{{{A}}}Conditions").addnext(within(f"{{{A}}}Advice", signed_one))
    return root


def _in_status_detail(root: Any, evil: Any) -> Any:
    signed_one = _assertion_of(root)
    root.replace(signed_one, evil)
    root.find(f"{{{P}}}Status").append(within(f"{{{P}}}StatusDetail", signed_one))
    return root


def _in_attribute(root: Any, evil: Any) -> Any:
    signed_one = _assertion_of(root)
    root.replace(signed_one, evil)
    evil.find(f".//{{{A}}}AttributeValue").append(signed_one)
    return root


def _below_unknown(root: Any, evil: Any) -> Any:
    signed_one = _assertion_of(root)
    root.replace(signed_one, evil)
    root.append(within("{urn:example:unknown}Kept", signed_one))
    return root


def _namesake(root: Any, evil: Any, *, name: str) -> Any:
    element = etree.Element("{urn:example:unknown}Other", {name: ASSERTION_ID})
    root.find(f"{{{P}}}Status").addprevious(within(f"{{{P}}}Extensions", element))
    return root


def _signature_in_extensions(root: Any, evil: Any) -> Any:
    copied = copy.deepcopy(_assertion_of(root).find(SIGNATURE))
    root.find(f"{{{P}}}Status").addprevious(within(f"{{{P}}}Extensions", copied))
    return root


def _in_own_object(root: Any, evil: Any) -> Any:
    _assertion_of(root).find(SIGNATURE).append(as_object(evil))
    return root
