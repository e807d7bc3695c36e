"""Messages that we write, and how a browser carries them: in an address, or in a form that it posts by itself."""

import datetime
import html
import zlib
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from avow.core.saml.keys import private_key
from avow.core.saml.parties import SamlKey

__all__ = ["RSA_SHA256", "PostForm", "RedirectUrl", "by_form", "by_redirect", "instant", "written"]

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


@dataclass(frozen=True, slots=True)
class RedirectUrl:
    """Where to send the browser."""

    url: str


@dataclass(frozen=True, slots=True)
class PostForm:
    """A form that the browser posts by itself.

    Attributes:
        action: Where to.
        fields: Names and values of its hidden fields.
    """

    action: str
    fields: tuple[tuple[str, str], ...]


def by_redirect(url: str, name: str, document: str, relay_state: str, key: SamlKey | None) -> RedirectUrl:
    """Return the address that carries a message. Slow with a key: some milliseconds.

    Args:
        url: To whom.
        name: `SAMLRequest` or `SAMLResponse`.
        document: The message, without a signature of its own.
        relay_state: Goes with it, "" for none.
        key: Signs by RSA-SHA256; None leaves it unsigned.

    Spec: SAML Bindings section 3.4.4.1.
    """
    deflater = zlib.compressobj(wbits=-15)
    deflated = deflater.compress(document.encode()) + deflater.flush()
    query = f"{name}={quote(b64encode(deflated), safe='')}"
    if relay_state:
        query += f"&RelayState={quote(relay_state, safe='')}"
    if key is not None:
        # What is signed is the query as it is sent, in exactly this order.
        query += f"&SigAlg={quote(RSA_SHA256, safe='')}"
        signature = private_key(key).sign(query.encode(), PKCS1v15(), SHA256())
        query += f"&Signature={quote(b64encode(signature), safe='')}"
    return RedirectUrl(f"{url}{'&' if '?' in url else '?'}{query}")


def by_form(url: str, name: str, document: str, relay_state: str, key: SamlKey | None) -> PostForm:
    """Return the form that carries a message, signed as XML; see `by_redirect`.

    Spec: SAML Bindings section 3.5.4.
    """
    data = document.encode()
    if key is not None:
        from avow.core.saml import signing  # here, because it loads lxml and signxml

        data = signing.signed(document, key)
    fields = ((name, b64encode(data).decode()),)
    return PostForm(url, (*fields, ("RelayState", relay_state)) if relay_state else fields)


def written(text: str) -> str:
    """Return a text as it stands in XML.

    Raises:
        ValueError: It has control characters, which XML has not.
    """
    if not text.isprintable():
        raise ValueError("a text has characters that cannot be written")
    return html.escape(text)


def instant(at: int) -> str:
    """Return seconds since the epoch as SAML writes them. Spec: SAML Core section 1.3.3."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
