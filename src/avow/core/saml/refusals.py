"""Why something in SAML was refused: one exception, with a reason that the audit can keep."""

from enum import StrEnum, unique

__all__ = ["Reason", "SamlRefused"]


@unique
class Reason(StrEnum):
    """What was wrong. For the audit and for administrators; whoever signs in is told only that it failed."""

    # Before anything was understood.
    TOO_LARGE = "too-large"  # more bytes, elements, attributes or depth than any honest document has
    NOT_BASE64 = "not-base64"
    NOT_UTF8 = "not-utf8"  # or declared to be something else
    NOT_XML = "not-xml"
    FORBIDDEN_XML = "forbidden-xml"  # a document type, an entity, a comment, a processing instruction
    STRUCTURE = "structure"  # not a response, not exactly one assertion, elements where none belong
    VERSION = "version"
    TIME = "time"  # a time that is none, or not in UTC

    # Who says it.
    DUPLICATE_ID = "duplicate-id"
    SIGNATURE_MISSING = "signature-missing"
    SIGNATURE_MISPLACED = "signature-misplaced"
    SIGNATURE_FORM = "signature-form"  # references, transforms or children that no plain SAML signature has
    ALGORITHM = "algorithm"
    SIGNATURE_INVALID = "signature-invalid"  # by none of the configured certificates
    NO_CERTIFICATE = "no-certificate"  # none is configured that signatures can be checked with
    ISSUER = "issuer"
    ENCRYPTION = "encryption"  # it cannot be opened, or is encrypted in a way that is not accepted
    ENCRYPTION_UNSIGNED = "encryption-unsigned"  # AES-CBC in a response that is not signed itself

    # To whom, and when.
    STATUS = "status"  # the identity provider says that it failed
    DESTINATION = "destination"
    RECIPIENT = "recipient"
    AUDIENCE = "audience"
    IN_RESPONSE_TO = "in-response-to"
    UNSOLICITED = "unsolicited"
    TOO_EARLY = "too-early"
    EXPIRED = "expired"
    CONDITION = "condition"  # one that we do not know

    # Who, and how.
    SUBJECT = "subject"  # no NameID, or none that can be used
    CONFIRMATION = "confirmation"  # nothing makes the bearer the subject
    AUTHN_STATEMENT = "authn-statement"
    AUTHN_CONTEXT = "authn-context"  # weaker than demanded, or unknown
    AUTHN_AGE = "authn-age"  # longer ago than demanded, or unknown

    # Metadata.
    METADATA_ENTITY = "metadata-entity"  # another entity, several, or none that is an identity provider
    METADATA_EXPIRED = "metadata-expired"
    METADATA_BINDING = "metadata-binding"  # no address where requests, or assertions, can be sent

    # Of requests of service providers.
    ACS = "acs"  # an address that is none of the service provider's


class SamlRefused(ValueError):
    """A document that is not accepted.

    Attributes:
        reason: One word for the audit.
        detail: For the log and for administrators; short, holds no secret, and may quote the document.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        """Keep the reason, and of the detail what fits on a line."""
        self.reason = reason
        self.detail = "".join(each if each.isprintable() else " " for each in detail[:_MAX_DETAIL])
        super().__init__(f"{reason}: {self.detail}" if detail else str(reason))


_MAX_DETAIL = 300
