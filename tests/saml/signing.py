"""S-SAM-02, S-SAM-03 and S-SAM-12: no signature, signatures of others, and signatures of other forms."""

import copy
import re
from functools import partial
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from avow.core.saml import Demand, Reason
from tests.saml.maker import (
    DS,
    ENVELOPED,
    EXCLUSIVE,
    MORE,
    A,
    How,
    Told,
    assertion_xml,
    canonical,
    encrypted,
    response_xml,
    signed,
)
from tests.saml.pieces import (
    ADMIN,
    ALICE,
    ASSERTION_ID,
    RESPONSE_ID,
    SIGNATURE,
    Cast,
    Rows,
    as_text,
    key_value,
    of_both,
    of_response,
    said,
    tree,
    without,
    x509_data,
)


def unsigned(cast: Cast, told: Told) -> Rows:
    evil = assertion_xml(cast.idp, told, name_id=ADMIN)
    whole = response_xml(cast.idp, told, evil)
    by_assertion, by_both = signed(whole, ASSERTION_ID, cast.idp.key), of_both(cast, whole)
    missing, form = Reason.SIGNATURE_MISSING, Reason.SIGNATURE_FORM
    yield "no signature at all", whole, missing
    yield "no signature at all, either would do", whole, missing, {"demand": Demand.EITHER}
    yield "the assertion's signature removed", without(by_assertion, "saml:Assertion/ds:Signature"), missing
    yield "only the response is signed", of_response(cast, whole), missing
    yield "only the response is signed, both have to be", of_response(cast, whole), missing, {"demand": Demand.BOTH}
    yield "only the assertion is signed, the response has to be", by_assertion, missing, {"demand": Demand.RESPONSE}
    yield "only the assertion is signed, both have to be", by_assertion, missing, {"demand": Demand.BOTH}
    removed = without(by_both, "ds:Signature")
    yield "the response's signature removed, both have to be", removed, missing, {"demand": Demand.BOTH}
    empty = by_assertion.replace(f'URI="#{ASSERTION_ID}"', 'URI=""')
    yield "the reference emptied", empty, form
    yield "a signature over the empty reference", said(cast, told, How(uris=("",))), form
    yield "no reference", without(by_assertion, ".//ds:Reference"), form
    yield "no reference, rightly signed", said(cast, told, How(uris=())), form
    yield "no SignedInfo", without(by_assertion, ".//ds:SignedInfo"), form
    hollow = tree(by_assertion)
    hollow.find(f".//{SIGNATURE}").clear()
    yield "an empty signature", as_text(hollow), form
    for name in ("SignatureValue", "DigestValue"):
        yield f"an empty {name}", re.sub(rf"(<ds:{name}>)[^<]+", r"\1", by_assertion), form
        zeros = re.sub(rf"(<ds:{name}>)[^<]+", r"\1AAAA", by_assertion)
        yield f"a {name} of zeros", zeros, Reason.SIGNATURE_INVALID
    changed = said(cast, told).replace(f">{ALICE}</saml:NameID>", f">{ADMIN}</saml:NameID>")
    yield "the name changed after the signature", changed, Reason.SIGNATURE_INVALID
    both = of_both(cast, response_xml(cast.idp, told, assertion_xml(cast.idp, told)))
    moved = both.replace(f'InResponseTo="{told.request_id}"', 'InResponseTo="_moved"', 1)
    yield "the signed response changed, its assertion not", moved, Reason.SIGNATURE_INVALID, {"demand": Demand.BOTH}
    yield "the signed response changed, its assertion would do", moved, Reason.SIGNATURE_INVALID
    other = signed(response_xml(cast.idp, told, assertion_xml(cast.idp, told, id="_other")), "_other", cast.idp.key)
    lent = tree(without(by_assertion, "saml:Assertion/ds:Signature"))
    lent.find(f"{{{A}}}Assertion").insert(1, tree(other).find(f".//{SIGNATURE}"))
    yield "the signature of another assertion", as_text(lent), form
    twice = tree(by_assertion)
    first = twice.find(f".//{SIGNATURE}")
    first.addnext(copy.deepcopy(first))
    yield "the signature twice", as_text(twice), form
    if cast.sp_certificate:
        close = partial(encrypted, evil, cast.sp_certificate)
        yield "encrypted, and unsigned within", response_xml(cast.idp, told, close()), missing
        outside = of_response(cast, response_xml(cast.idp, told, close()))
        yield "encrypted, unsigned within, the response signed", outside, missing


def foreign(cast: Cast, told: Told) -> Rows:
    document = response_xml(cast.idp, told, assertion_xml(cast.idp, told, name_id=ADMIN))
    thief = cast.thief
    invalid = Reason.SIGNATURE_INVALID

    def by_thief(key_info: str) -> str:
        return signed(document, ASSERTION_ID, thief.key, How(key_info=key_info))

    yield "another key, nothing said of it", by_thief(""), invalid
    yield "another key, its certificate of the same subject and serial in KeyInfo", by_thief(x509_data(thief)), invalid
    yield "another key, its KeyValue in KeyInfo", by_thief(key_value(thief)), invalid
    yield "another key, the real certificate in KeyInfo", by_thief(x509_data(cast.idp)), invalid
    both_certificates = by_thief(x509_data(cast.idp) + x509_data(thief))
    yield "another key, the real certificate and its own in KeyInfo", both_certificates, invalid
    yield (
        "another key, the real certificate and its own KeyValue",
        by_thief(x509_data(cast.idp) + key_value(thief)),
        invalid,
    )
    named = f'<ds:RetrievalMethod URI="http://127.0.0.1:9/key" Type="{DS}rawX509Certificate"/>'
    yield "another key, to be fetched", by_thief(named), invalid
    certificate = x509.load_pem_x509_certificate(cast.idp.certificate.encode())
    public = certificate.public_key()
    secrets = {
        "the certificate as PEM": cast.idp.certificate.encode(),
        "the certificate as DER": certificate.public_bytes(Encoding.DER),
        "the certificate as base64": "".join(cast.idp.certificate.splitlines()[1:-1]).encode(),
        "the public key as PEM": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "the public key as DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "nothing": b"",
    }
    for title, secret in secrets.items():
        for name, method in {"HMAC-SHA1": f"{DS}hmac-sha1", "HMAC-SHA256": f"{MORE}hmac-sha256"}.items():
            how = How(method=method, secret=secret)
            yield f"{name} with {title}", signed(document, ASSERTION_ID, cast.idp.key, how), Reason.ALGORITHM
    short = (
        said(cast, told)
        .replace("</ds:SignatureMethod>", "")
        .replace(
            f'{MORE}rsa-sha256"/>',
            f'{MORE}rsa-sha256"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>',
        )
    )
    yield "HMACOutputLength", short, Reason.SIGNATURE_FORM


def algorithms(cast: Cast, told: Told, canary: str) -> Rows:
    algorithm, form = Reason.ALGORITHM, Reason.SIGNATURE_FORM

    def by(**changes: Any) -> str:
        return said(cast, told, How(**changes))

    yield "an RSA-SHA1 signature", by(method=f"{DS}rsa-sha1"), algorithm
    yield "a SHA-1 digest", by(digest=f"{DS}sha1"), algorithm
    yield "SHA-1 for both", by(method=f"{DS}rsa-sha1", digest=f"{DS}sha1"), algorithm
    yield "an RSA-MD5 signature", by(method=f"{MORE}rsa-md5"), algorithm
    yield "an MD5 digest", by(digest=f"{MORE}md5"), algorithm
    yield "SignedInfo canonicalized with comments", by(c14n=f"{EXCLUSIVE}WithComments"), algorithm
    inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    yield "SignedInfo canonicalized inclusively", by(c14n=inclusive), algorithm
    enveloped = f'<ds:Transform Algorithm="{ENVELOPED}"/>'
    exclusive = f'<ds:Transform Algorithm="{EXCLUSIVE}"/>'
    xslt = (
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><xsl:stylesheet version="1.0"'
        ' xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><x><xsl:copy-of select="document'
        f"('{canary}')\"/></x></xsl:template></xsl:stylesheet></ds:Transform>"
    )
    xpath = (
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
        "<ds:XPath>not(ancestor-or-self::saml:Subject)</ds:XPath></ds:Transform>"
    )
    filtering = (
        '<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2"><XPath Filter="subtract"'
        ' xmlns="http://www.w3.org/2002/06/xmldsig-filter2">//saml:Subject</XPath></ds:Transform>'
    )
    lists = {
        "XSLT": enveloped + xslt + exclusive,
        "XPath": enveloped + xpath + exclusive,
        "XPath and a filter": xpath + filtering,
        "base64": f'{enveloped}<ds:Transform Algorithm="{DS}base64"/>',
        "none": "",
        "no canonical form": enveloped,
        "the signature not left out": exclusive,
        "in the other order": exclusive + enveloped,
        "the canonical form twice": enveloped + exclusive + exclusive,
        "the signature left out twice": enveloped + enveloped,
        "with comments": enveloped + exclusive.replace(EXCLUSIVE, f"{EXCLUSIVE}WithComments"),
        "the inclusive form": enveloped + exclusive.replace(EXCLUSIVE, inclusive),
        "an unknown one": f'{enveloped}<ds:Transform Algorithm="urn:example:x"/>',
    }
    for title, transforms in lists.items():
        document = by(transforms=f"<ds:Transforms>{transforms}</ds:Transforms>")
        yield f"transforms: {title}", document, form, {"or_": (algorithm,)}
    yield "no transforms at all", by(transforms=""), form
    # Content is dropped before the digest, which is of what is left: right for whoever applies the transforms.
    bare = tree(response_xml(cast.idp, told, assertion_xml(cast.idp, told)))
    left = bare.find(f"{{{A}}}Assertion")
    left.remove(left.find(f"{{{A}}}Subject"))
    dropped = by(transforms=f"<ds:Transforms>{enveloped}{xpath}{exclusive}</ds:Transforms>", digested=canonical(left))
    yield "transforms: the subject is dropped, and the digest is of the rest", dropped, form
    yield "two references to the assertion", by(uris=(None, None)), form
    yield "a second reference to the response", by(uris=(None, f"#{RESPONSE_ID}")), form
    yield "a second reference to nothing", by(uris=(None, "")), form
    for title, uri in {
        "an external document": canary,
        "a file": "file:///etc/hostname",
        "the response": f"#{RESPONSE_ID}",
        "another element": "#_none",
        "an XPointer of the root": "#xpointer(/)",
        "an XPointer of the id": f"#xpointer(id('{ASSERTION_ID}'))",
        "a fragment with two marks": f"##{ASSERTION_ID}",
        "no fragment": ASSERTION_ID,
    }.items():
        yield f"the reference is {title}", by(uris=(uri,)), form
    yield "an Object in the signature", by(inside="<ds:Object>x</ds:Object>"), form
    yield "a Manifest in the signature", by(inside="<ds:Object><ds:Manifest/></ds:Object>"), form
    yield "very many kept namespaces", by(prefixes=" ".join(f"n{each}" for each in range(17))), form
