"""S-SAM-04, S-SAM-05 and S-SAM-13: texts broken up, document types, and documents that are too large."""

import re

from avow.core.saml import Reason
from tests.saml.maker import (
    How,
    Told,
)
from tests.saml.pieces import ADMIN, ALICE, Cast, Rows, said


def broken_up(cast: Cast, told: Told) -> Rows:
    forbidden = Reason.FORBIDDEN_XML
    whole = f"{ALICE}.evil.example"
    pieces = {"a comment": "<!---->", "a comment with text": "<!--x-->", "an instruction": "<?x?>"}
    for title, piece in pieces.items():
        broken = f"{ALICE}{piece}.evil.example"
        for how, suffix in ((How(), ""), (How(comments=True), ", digested with it")):
            if suffix and "instruction" in title:
                continue
            named = said(cast, told, how, name_id=broken)
            yield f"{title} in NameID{suffix}", named, forbidden, {"full_text": whole}
            mailed = said(cast, told, how, name_id=whole, attributes={"email": (broken,)})
            yield f"{title} in the e-mail attribute{suffix}", mailed, forbidden, {"full_text": whole}
    # A comment put in after the signature: the digest holds, since comments are left out of the canonical form.
    late = said(cast, told, name_id=whole, attributes={"email": (whole,)})
    for title, piece in (("a comment", "<!--x-->"), ("a CDATA section", "<![CDATA[]]>")):
        split = late.replace(whole, f"{ALICE}{piece}.evil.example")
        reason = forbidden if "comment" in title else Reason.SUBJECT
        yield f"{title} put in after the signature", split, reason, {"full_text": whole}
    cdata = f"{ALICE}<![CDATA[.evil.example]]>"
    text = {"full_text": whole}
    yield (
        "a CDATA section in NameID",
        said(cast, told, name_id=cdata, attributes={"email": (whole,)}),
        Reason.SUBJECT,
        text,
    )
    mailed = said(cast, told, name_id=whole, attributes={"email": (cdata,)})
    yield "a CDATA section in the e-mail attribute", mailed, Reason.SUBJECT, text
    element = said(cast, told, name_id=f"{ALICE}<x/>.evil.example")
    yield "an element in NameID", element, Reason.STRUCTURE, text | {"or_": (Reason.SUBJECT,)}
    plain = said(cast, told)
    for name in ("DigestValue", "SignatureValue"):
        for title, piece in (("a comment", "<!--x-->"), ("an instruction", "<?x?>")):
            within = re.sub(rf"(<ds:{name}>....)", rf"\1{piece}", plain)
            yield f"{title} in {name}", within, forbidden
        child = re.sub(rf"(<ds:{name}>....)", r"\1<x/>", plain)
        yield f"an element in {name}", child, Reason.SIGNATURE_FORM
    first = re.sub(r"<ds:DigestValue>", "<ds:DigestValue><!--AAAA-->", plain)
    yield "a comment before the digest", first, forbidden
    for name in ("Issuer", "Audience"):
        broken = re.sub(rf"(<saml:{name}>[^<]*)(?=</saml:{name}>)", r"\1<!---->", plain)
        yield f"a comment in {name}", broken, forbidden
    yield "a comment before the root", f"<!--x-->{plain}", forbidden
    yield "a comment after the root", f"{plain}<!--x-->", forbidden


def doctypes(cast: Cast, told: Told, canary: str) -> Rows:
    plain = said(cast, told)
    forbidden = Reason.FORBIDDEN_XML
    named = plain.replace(f">{ALICE}</saml:NameID>", ">&x;</saml:NameID>")
    laughs = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    subsets = {
        "an external entity of a file": '[<!ENTITY x SYSTEM "file:///etc/hostname">]',
        "an external entity of a listener": f'[<!ENTITY x SYSTEM "{canary}">]',
        "an internal entity": f'[<!ENTITY x "{ADMIN}">]',
        "a billion laughs": f'[{laughs}<!ENTITY x "&l9;">]',
        "quadratic blowup": f'[<!ENTITY x "{"a" * 50_000}">]',
        "a parameter entity": f'[<!ENTITY % p SYSTEM "{canary}">%p;]',
        "an external document type": f'SYSTEM "{canary}"',
        "a public document type": f'PUBLIC "-//X//Y" "{canary}"',
        "default attributes": '[<!ATTLIST saml:Assertion x CDATA "y">]',
        "ids declared": "[<!ATTLIST saml:NameID Format ID #IMPLIED>]",
        "nothing declared": "[]",
    }
    for title, subset in subsets.items():
        document = f"<!DOCTYPE samlp:Response {subset}>{named if ' x ' in subset else plain}"
        yield title, document, forbidden
        if "listener" in title or "laughs" in title:
            for name in ("UTF-16", "UTF-16LE", "UTF-16BE", "UTF-7", "UTF-32"):
                declared = f'<?xml version="1.0" encoding="{name}"?>{document}'
                yield f"{title} in {name}", declared.encode(name), Reason.NOT_UTF8, {"or_": (Reason.NOT_XML, forbidden)}
            yield (
                f"{title} in UTF-16 undeclared",
                document.encode("utf-16"),
                Reason.NOT_UTF8,
                {"or_": (Reason.NOT_XML,)},
            )
    yield "an entity that nobody declares", named, Reason.NOT_XML
    yield "UTF-8 declared to be UTF-7", f'<?xml version="1.0" encoding="UTF-7"?>{plain}', Reason.NOT_UTF8
    yield "UTF-8 declared to be ISO-8859-1", f'<?xml version="1.0" encoding="ISO-8859-1"?>{plain}', Reason.NOT_UTF8
    yield "XML 1.1", f'<?xml version="1.1"?>{plain}', Reason.NOT_XML
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{canary}" parse="text"/>'
    yield "XInclude in NameID", said(cast, told, name_id=include), forbidden
    yield "XInclude in an attribute", said(cast, told, attributes={"email": (include,)}), forbidden
    sheet = f'<?xml-stylesheet type="text/xsl" href="{canary}"?>{plain}'
    yield "a style sheet", sheet, forbidden


def oversized(cast: Cast, told: Told) -> Rows:
    large = Reason.TOO_LARGE
    plain = said(cast, told)

    def padded(inside: str) -> str:
        return plain.replace("</samlp:Status>", f"</samlp:Status><samlp:Extensions>{inside}</samlp:Extensions>", 1)

    yield "10 MB of text", padded("x" * 10_000_000), large
    yield "10 MB that are no base64", "", large, {"posted": "*" * 10_000_000}
    yield "400 kB of text", padded("x" * 400_000), large
    yield "200,000 nested elements", padded("<a>" * 200_000 + "</a>" * 200_000), large
    yield "10,000 nested elements", padded("<a>" * 10_000 + "</a>" * 10_000), large
    yield "33 nested elements", padded("<a>" * 33 + "</a>" * 33), large
    yield "200,000 elements that never end", padded("")[:-30] + "<a>" * 200_000, large
    yield "100,000 attributes", padded(_with_attributes(100_000)), large
    yield "10,000 attributes", padded(_with_attributes(10_000)), large
    spaces = " ".join(f'xmlns:n{n}="urn:example:{n}"' for n in range(10_000))
    yield "10,000 namespaces", padded(f"<a {spaces}/>"), large
    yield "50,000 elements", padded("<a/>" * 50_000), large
    values = tuple("<x/>" for _ in range(11_000))
    yield "11,000 values, rightly signed", said(cast, told, attributes={"groups": values}), large
    yield "a name of 300,000 characters", padded(f"<{'a' * 300_000}/>"), Reason.NOT_XML


def _with_attributes(count: int) -> str:
    attributes = " ".join(f"a{n}='' " for n in range(count))
    return f"<a {attributes}/>"
