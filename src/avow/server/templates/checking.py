"""What is wrong with a JWT template, if anything."""

from collections.abc import Callable, Iterator

from avow.core.claims import RESERVED, check_custom_claims
from avow.core.layouts import unknown_places
from avow.errors import InvalidArgument
from avow.wire.jwttemplates import GivenTemplate, TemplateIssue

__all__ = ["issues"]

_CHOICES: dict[str, tuple[str, ...]] = {
    "authSchema": ("default", "tenantOnly", "none"),
    "emptyClaimPolicy": ("none", "nil", "delete"),
    "type": ("user", "key"),
}
_HINT_OF_PLACES = "Places begin with user, tenant, project or session, such as {{user.email}}."


def issues(given: GivenTemplate) -> tuple[TemplateIssue, ...]:
    """Return all that is wrong with a template, in the order of its fields."""
    return tuple(issue for check in _CHECKS for issue in check(given))


def _name(given: GivenTemplate) -> Iterator[TemplateIssue]:
    if not (given.name or "").strip():
        yield TemplateIssue(field="name", code="missing", message="A template has a name.")


def _choices(given: GivenTemplate) -> Iterator[TemplateIssue]:
    values = {"authSchema": given.auth_schema, "emptyClaimPolicy": given.empty_claim_policy, "type": given.type}
    for field, value in values.items():
        if value and value not in _CHOICES[field]:
            known = ", ".join(_CHOICES[field])
            yield TemplateIssue(field=field, code="invalid", message=f"{field} is one of {known}.")


def _claims(given: GivenTemplate) -> Iterator[TemplateIssue]:
    claims = given.template or {}
    for name in sorted(RESERVED & claims.keys()):
        yield TemplateIssue(
            field=f"template.{name}",
            code="reserved",
            message=f"The claim {name} is the server's.",
            hint="Choose another name.",
        )
    for name, value in claims.items():
        for place in unknown_places(value):
            yield TemplateIssue(
                field=f"template.{name}"[:300],
                code="unknown_place",
                message=f"Nothing is known by the name {place}.",
                hint=_HINT_OF_PLACES,
            )
    try:
        check_custom_claims(claims)
    except InvalidArgument as wrong:
        yield TemplateIssue(field="template", code="too_large", message=wrong.error_message)


def _unsupported(given: GivenTemplate) -> Iterator[TemplateIssue]:
    """Every verifier of Avow takes the issuer for the project and the subject for the user."""
    asked = {
        "conformanceIssuer": given.conformance_issuer,
        "enforceIssuer": given.enforce_issuer,
        "overrideSubject": given.override_subject,
        "issuerType": given.issuer_type,
    }
    for field, value in asked.items():
        if value:
            yield TemplateIssue(
                field=field,
                code="unsupported",
                message="Avow leaves issuer and subject of its tokens as they are.",
                hint=f"Leave {field} out.",
            )


_CHECKS: tuple[Callable[[GivenTemplate], Iterator[TemplateIssue]], ...] = (_name, _choices, _claims, _unsupported)
