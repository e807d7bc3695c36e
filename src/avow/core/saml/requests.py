"""Requests to identity providers: an AuthnRequest."""

import re
from dataclasses import dataclass
from typing import Final

from avow.core.saml.carrying import PostForm, RedirectUrl, by_form, by_redirect, instant, written
from avow.core.saml.limits import MAX_RELAY_STATE_BYTES
from avow.core.saml.parties import Binding, IdentityProvider, SamlKey, ServiceProvider

__all__ = ["Asked", "authn_request", "request_document"]

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
    carry = by_redirect if idp.binding is Binding.REDIRECT else by_form
    return carry(idp.sso_url, "SAMLRequest", document, asked.relay_state, key)


def request_document(idp: IdentityProvider, sp: ServiceProvider, asked: Asked, now: int) -> str:
    """Return an AuthnRequest as XML, unsigned."""
    flags = (' ForceAuthn="true"' if asked.forces_authn else "") + (' IsPassive="true"' if asked.is_passive else "")
    return (
        '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
        ' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
        f' ID="{asked.id}" Version="2.0" IssueInstant="{instant(now)}" Destination="{written(idp.sso_url)}"{flags}'
        f' AssertionConsumerServiceURL="{written(sp.acs_url)}" ProtocolBinding="{Binding.POST}">'
        f"<saml:Issuer>{written(sp.entity_id)}</saml:Issuer>"
        f"{_subject(asked.login_hint)}"
        '<samlp:NameIDPolicy AllowCreate="true"/>'
        f"{_contexts(asked.contexts)}</samlp:AuthnRequest>"
    )


def _subject(login_hint: str) -> str:
    if not login_hint:
        return ""
    return (
        '<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">'
        f"{written(login_hint)}</saml:NameID></saml:Subject>"
    )


def _contexts(contexts: tuple[str, ...]) -> str:
    if not contexts:
        return ""
    classes = "".join(f"<saml:AuthnContextClassRef>{written(each)}</saml:AuthnContextClassRef>" for each in contexts)
    return f'<samlp:RequestedAuthnContext Comparison="exact">{classes}</samlp:RequestedAuthnContext>'
