"""JWT templates: what the session tokens of a project say beside the reserved claims. Shapes and routes.

A template counts once it is named in the project setting `session_template` or `access_key_template`.
"""

from typing import Annotated

from msgspec import Meta, field

from avow.wire.bounds import Claims, Flag, Name, Reference
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape

__all__ = [
    "APPLY_FROM_LIBRARY",
    "CREATE",
    "DELETE",
    "ENDPOINTS",
    "LIST",
    "LIST_LIBRARY",
    "LOAD",
    "LOAD_LIBRARY_ENTRY",
    "UPDATE",
    "VALIDATE",
    "ApplyFromLibrary",
    "CheckTemplate",
    "GivenTemplate",
    "JwtTemplate",
    "LibraryAnswer",
    "LibraryEntries",
    "LibraryEntry",
    "LibraryRef",
    "PutTemplate",
    "TemplateAnswer",
    "TemplateIssue",
    "TemplateRef",
    "Templates",
    "Validation",
]

Description = Annotated[str, Meta(max_length=1024)]
Tags = Annotated[tuple[Name, ...], Meta(max_length=50)]


class JwtTemplate(Shape, frozen=True, kw_only=True):
    """A template.

    Attributes:
        id: What the project settings name.
        name: Unique in the project.
        description: For people.
        template: Claims by name; a text may hold places such as `{{user.email}}`.
        source: Id of the entry of the library that it was made of, or "".
        tags: For people.
        auth_schema: `default`: every tenant with roles and permissions; `tenantOnly`: those of the selected tenant, at
            the top level; `none`: no roles and permissions.
        type: `user` or `key`: for users' sessions, or for access keys.
        conformance_issuer: Not supported; false.
        auto_dct: Who belongs to one tenant acts in it without selecting it.
        enforce_issuer: Not supported; false.
        empty_claim_policy: What becomes of a claim of which nothing is known: `none` (empty), `nil` (null), `delete`.
        override_subject: Not supported; false.
        issuer_type: Not supported; empty.
        omit_custom_claims_from_dsr: Refresh tokens have no claims of the template in any case.
        add_jti: Each session token has an id of its own.
        exclude_permissions: Roles only.
    """

    id: str
    name: str
    description: str = ""
    template: dict[str, object] = {}
    source: str = ""
    tags: tuple[str, ...] = ()
    auth_schema: str = "default"
    type: str = "user"
    conformance_issuer: bool = False
    auto_dct: bool = field(default=False, name="autoDCT")
    enforce_issuer: bool = False
    empty_claim_policy: str = "none"
    override_subject: bool = False
    issuer_type: str = ""
    omit_custom_claims_from_dsr: bool = field(default=False, name="omitCustomClaimsFromDSR")
    add_jti: bool = False
    exclude_permissions: bool = False


class GivenTemplate(Shape, frozen=True, kw_only=True):
    """A template as a caller gives it; see `JwtTemplate`. What is absent has its usual value."""

    id: Name | None = None
    name: Name | None = None
    description: Description | None = None
    template: Claims | None = None
    source: Name | None = None
    tags: Tags | None = None
    auth_schema: Name | None = None
    type: Name | None = None
    conformance_issuer: Flag = None
    auto_dct: Flag = field(default=None, name="autoDCT")
    enforce_issuer: Flag = None
    empty_claim_policy: Name | None = None
    override_subject: Flag = None
    issuer_type: Name | None = None
    omit_custom_claims_from_dsr: Flag = field(default=None, name="omitCustomClaimsFromDSR")
    add_jti: Flag = None
    exclude_permissions: Flag = None


class PutTemplate(Shape, frozen=True, kw_only=True):
    """A template to be made, or to be put in the place of the one with its id."""

    template: GivenTemplate | None = None


class CheckTemplate(Shape, frozen=True, kw_only=True):
    """A template to be looked through: one that is given, or the one with this id."""

    id: Name | None = None
    template: GivenTemplate | None = None


class TemplateRef(Shape, frozen=True, kw_only=True):
    """A template, by id."""

    id: Reference | None = None


class TemplateAnswer(Shape, frozen=True, kw_only=True):
    """One template."""

    template: JwtTemplate


class Templates(Shape, frozen=True, kw_only=True):
    """Every template of the project, by name."""

    templates: tuple[JwtTemplate, ...] = ()


class TemplateIssue(Shape, frozen=True, kw_only=True):
    """What is wrong with a template.

    Attributes:
        field: Where.
        code: `missing`, `invalid`, `reserved`, `unknown_place`, `too_large` or `unsupported`.
        message: For people.
        hint: What to do.
    """

    field: str
    code: str
    message: str
    hint: str = ""


class Validation(Shape, frozen=True, kw_only=True):
    """Whether a template can be used, and what is wrong with it if not."""

    valid: bool
    issues: tuple[TemplateIssue, ...] = ()


class LibraryEntry(Shape, frozen=True, kw_only=True):
    """A template to begin with, which comes with the server; see `JwtTemplate`."""

    id: str
    name: str
    description: str = ""
    template: dict[str, object] = {}
    tags: tuple[str, ...] = ()
    auth_schema: str = "default"
    type: str = "user"
    conformance_issuer: bool = False
    auto_dct: bool = field(default=False, name="autoDCT")
    enforce_issuer: bool = False
    empty_claim_policy: str = "none"
    override_subject: bool = False
    issuer_type: str = ""
    omit_custom_claims_from_dsr: bool = field(default=False, name="omitCustomClaimsFromDSR")
    add_jti: bool = False
    exclude_permissions: bool = False
    experimental: bool = False
    logo_light: str = ""
    logo_dark: str = ""


class LibraryEntries(Shape, frozen=True, kw_only=True):
    """Every template that comes with the server."""

    entries: tuple[LibraryEntry, ...] = ()


class LibraryRef(Shape, frozen=True, kw_only=True):
    """An entry of the library, by id."""

    id: Reference | None = None


class LibraryAnswer(Shape, frozen=True, kw_only=True):
    """One entry of the library."""

    entry: LibraryEntry


class ApplyFromLibrary(Shape, frozen=True, kw_only=True):
    """A template to be made of an entry of the library.

    Attributes:
        library_entry_id: The entry.
        name: Name of the template; that of the entry when absent.
        description: For people; that of the entry when absent.
    """

    library_entry_id: Reference | None = field(default=None, name="libraryEntryId")
    name: Name | None = None
    description: Description | None = None


_PATH = "/v1/mgmt/jwt/templates"

CREATE = Endpoint("mgmt.jwt_template.create", "POST", f"{_PATH}/create", PutTemplate, TemplateAnswer, Caller.MANAGEMENT)
UPDATE = Endpoint("mgmt.jwt_template.update", "POST", f"{_PATH}/update", PutTemplate, TemplateAnswer, Caller.MANAGEMENT)
DELETE = Endpoint("mgmt.jwt_template.delete", "POST", f"{_PATH}/delete", TemplateRef, Nothing, Caller.MANAGEMENT)
LOAD = Endpoint(
    "mgmt.jwt_template.load",
    "POST",
    f"{_PATH}/load",
    TemplateRef,
    TemplateAnswer,
    Caller.MANAGEMENT,
    only_reads=True,
)
LIST = Endpoint(
    "mgmt.jwt_template.list", "POST", f"{_PATH}/list", Nothing, Templates, Caller.MANAGEMENT, only_reads=True
)
VALIDATE = Endpoint(
    "mgmt.jwt_template.validate",
    "POST",
    f"{_PATH}/validate",
    CheckTemplate,
    Validation,
    Caller.MANAGEMENT,
    only_reads=True,
)
LIST_LIBRARY = Endpoint(
    "mgmt.jwt_template.list_library",
    "POST",
    f"{_PATH}/library/list",
    Nothing,
    LibraryEntries,
    Caller.MANAGEMENT,
    only_reads=True,
)
LOAD_LIBRARY_ENTRY = Endpoint(
    "mgmt.jwt_template.load_library_entry",
    "POST",
    f"{_PATH}/library/load",
    LibraryRef,
    LibraryAnswer,
    Caller.MANAGEMENT,
    only_reads=True,
)
APPLY_FROM_LIBRARY = Endpoint(
    "mgmt.jwt_template.apply_from_library",
    "POST",
    f"{_PATH}/library/apply",
    ApplyFromLibrary,
    TemplateAnswer,
    Caller.MANAGEMENT,
)

ENDPOINTS = (
    CREATE,
    UPDATE,
    DELETE,
    LOAD,
    LIST,
    VALIDATE,
    LIST_LIBRARY,
    LOAD_LIBRARY_ENTRY,
    APPLY_FROM_LIBRARY,
)
