"""Requests to identity providers: an AuthnRequest, and how a browser carries it there."""

import datetime
import html
import re
import zlib
from base64 import b64encode
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from avow.core.saml.keys import private_key
from avow.core.saml.limits import MAX_RELAY_STATE_BYTES
from avow.core.saml.parties import Binding, IdentityProvider, SamlKey, ServiceProvider

__all__ = ["Asked", "PostForm", "RedirectUrl", "authn_request", "request_document"]

_RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of the identity provider.

    Attributes:
        id: The request's id, which the response answers: an unguessable name of at most 128 ASCII characters that
            begins with a letter or an underscore.
        relay_state: Comes back with the response; at most 80 bytes; "" for none. Nobody signs it on the way back.
        forces_authn: The person signs in anew, whatever session there is.
        is_passive: Nothing is shown to the person; without a session there, the answer is a refusal.
        contexts: Classes of which the sign-in has to be one; empty leaves it to the identity provider.
        login_hint: Whom to expect there, an address; "" for nobody.
    """

    id: str
    relay_state: str = ""
    forces_authn: bool = False
    is_passive: bool = False
    contexts: tuple[str, ...] = ()
    login_hint: str = ""


@dataclass(frozen=True, slots=True)
class RedirectUrl:
    """Where to send the browser."""

    url: str


@dataclass(frozen=True, slots=True)
class PostForm:
    """A form that the browser posts to the identity provider by itself.

    Attributes:
        action: Where to.
        fields: Names and values of its hidden fields.
    """

    action: str
    fields: tuple[tuple[str, str], ...]


def authn_request(
    idp: IdentityProvider, sp: ServiceProvider, asked: Asked, now: int, *, key: SamlKey | None
) -> RedirectUrl | PostForm:
    """Return how the browser carries a request to the identity provider. Slow with a key: some milliseconds.

    Args:
        idp: Whom to ask, and by which binding.
        sp: Who asks.
        asked: What.
        now: Seconds since the epoch.
        key: Signs the request by RSA-SHA256; None leaves it unsigned.

    Raises:
        ValueError: The id or the relay state is not what `Asked` says, or a text cannot stand in XML.

    Spec: SAML Core section 3.4.1, Bindings sections 3.4.4.1 and 3.5.4, Profiles section 4.1.4.1.
    """
    if not _ID.fullmatch(asked.id):
        raise ValueError("the id of a request begins with a letter or an underscore and has at most 128 characters")
    if len(asked.relay_state.encode()) > MAX_RELAY_STATE_BYTES:
        raise ValueError("a relay state has at most 80 bytes")
    document = request_document(idp, sp, asked, now)
    if idp.binding is Binding.REDIRECT:
        return _redirect(idp, document, asked.relay_state, key)
    return _form(idp, document, asked, key)


def request_document(idp: IdentityProvider, sp: ServiceProvider, asked: Asked, now: int) -> str:
    """Return an AuthnRequest as XML, unsigned."""
    flags = (' ForceAuthn="true"' if asked.forces_authn else "") + (' IsPassive="true"' if asked.is_passive else "")
    at = datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
        ' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
        f' ID="{asked.id}" Version="2.0" IssueInstant="{at}" Destination="{_text(idp.sso_url)}"{flags}'
        f' AssertionConsumerServiceURL="{_text(sp.acs_url)}" ProtocolBinding="{Binding.POST}">'
        f"<saml:Issuer>{_text(sp.entity_id)}</saml:Issuer>"
        f"{_subject(asked.login_hint)}"
        '<samlp:NameIDPolicy AllowCreate="true"/>'
        f"{_contexts(asked.contexts)}</samlp:AuthnRequest>"
    )


def _subject(login_hint: str) -> str:
    if not login_hint:
        return ""
    return (
        '<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">'
        f"{_text(login_hint)}</saml:NameID></saml:Subject>"
    )


def _contexts(contexts: tuple[str, ...]) -> str:
    if not contexts:
        return ""
    classes = "".join(f"<saml:AuthnContextClassRef>{_text(each)}</saml:AuthnContextClassRef>" for each in contexts)
    return f'<samlp:RequestedAuthnContext Comparison="exact">{classes}</samlp:RequestedAuthnContext>'


def _text(text: str) -> str:
    if not text.isprintable():  # XML has no control characters
        raise ValueError("a text has characters that cannot be written")
    return html.escape(text)


def _redirect(idp: IdentityProvider, document: str, relay_state: str, key: SamlKey | None) -> RedirectUrl:
    deflater = zlib.compressobj(wbits=-15)
    deflated = deflater.compress(document.encode()) + deflater.flush()
    query = f"SAMLRequest={quote(b64encode(deflated), safe='')}"
    if relay_state:
        query += f"&RelayState={quote(relay_state, safe='')}"
    if key is not None:
        # What is signed is the query as it is sent, in exactly this order.
        query += f"&SigAlg={quote(_RSA_SHA256, safe='')}"
        signature = private_key(key).sign(query.encode(), PKCS1v15(), SHA256())
        query += f"&Signature={quote(b64encode(signature), safe='')}"
    return RedirectUrl(f"{idp.sso_url}{'&' if '?' in idp.sso_url else '?'}{query}")


def _form(idp: IdentityProvider, document: str, asked: Asked, key: SamlKey | None) -> PostForm:
    data = document.encode()
    if key is not None:
        from avow.core.saml import signing  # here, because it loads lxml and signxml

        data = signing.signed_request(document, key)
    fields = (("SAMLRequest", b64encode(data).decode()),)
    return PostForm(idp.sso_url, (*fields, ("RelayState", asked.relay_state)) if asked.relay_state else fields)
