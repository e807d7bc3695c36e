"""The files of a snapshot: what each holds, read strictly, and written so that people can compare them line by line.

    snapshot.json            which layout this is
    settings.json            settings of the project
    permissions.json         permissions
    roles.json               roles of the project, each with the names of its permissions
    attributes.json          definitions of custom attributes
    templates.json           the project's own words for messages
    jwt_templates.json       JWT templates; settings.json names those in use by their names
    lists.json               lists; one with very many entries is without them
    passwords.json           what passwords have to be
    apis.json                APIs that access tokens are for
    applications.json        applications that people sign in to, without their secrets
    flows/<id>.json          one flow with its screens
    theme.json               the theme

No I/O: what a file says about things that only the database knows, `actions` checks.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from avow import shaping
from avow.core.lists import entries
from avow.core.passwords import policy
from avow.errors import InvalidArgument
from avow.server.delivery import actions as delivery
from avow.server.delivery.actions import OwnTemplate
from avow.server.flows import actions as flows
from avow.server.flows import chosen
from avow.server.flows.actions import Flow, Theme
from avow.server.templates.checking import issues
from avow.wire.applications import Address, Algorithm, Audience, Id, Lifetime, Scope, Scopes
from avow.wire.bounds import Name
from avow.wire.jwttemplates import GivenTemplate
from avow.wire.passwords import ConfigurePasswords, PasswordSettings
from avow.wire.snapshots import SnapshotSecret, SnapshotSecrets

__all__ = [
    "KINDS",
    "LISTED",
    "Api",
    "ApiScope",
    "Application",
    "Attribute",
    "Granted",
    "List",
    "Parsed",
    "Permission",
    "Role",
    "Snapshot",
    "Template",
    "TokenTemplate",
    "by_audience",
    "by_name",
    "parse",
    "write",
]

Shaped = TypeVar("Shaped", bound=msgspec.Struct)
Named = TypeVar("Named", bound="_Entry")

FORMAT = "avow"
VERSION = 1
MOST_FAILURES = 100
MOST_LISTED = 1000  # APIs, and applications
_MOST_SENTENCE = 400  # it may quote what was sent
MOST_LINKS = 10_000  # permissions of all roles together
_FLOWS = "flows/"
_HEADER = "snapshot.json"

GivenName = Annotated[str, Meta(min_length=1, max_length=256)]
Description = Annotated[str, Meta(max_length=1024)]


class _Entry(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The root of what files hold: an unknown field is a mistake, not something to pass over."""


class Permission(_Entry, frozen=True, kw_only=True):
    """A permission."""

    name: GivenName
    description: Description = ""


class Role(_Entry, frozen=True, kw_only=True):
    """A role of the project."""

    name: GivenName
    description: Description = ""
    permission_names: Annotated[tuple[GivenName, ...], Meta(max_length=500)] = ()
    default: bool = False
    private: bool = False


class Attribute(_Entry, frozen=True, kw_only=True):
    """A definition of a custom attribute."""

    kind: Literal["user", "tenant", "accesskey"]
    name: Annotated[str, Meta(min_length=1, max_length=64)]
    type: Literal["string", "number", "boolean", "date", "singleselect", "multiselect"]
    display_name: Name = ""
    required: bool = False
    options: Annotated[tuple[Name, ...], Meta(max_length=500)] = ()


class Template(_Entry, frozen=True, kw_only=True):
    """The project's own words for a message."""

    template: Name
    method: Name
    locale: Annotated[str, Meta(max_length=35)] = ""
    subject: Annotated[str, Meta(max_length=1000)] = ""
    text: Annotated[str, Meta(max_length=100_000)]
    html: Annotated[str, Meta(max_length=200_000)] = ""


class TokenTemplate(_Entry, frozen=True, kw_only=True):
    """A JWT template."""

    name: GivenName
    description: Description = ""
    template: Annotated[dict[str, object], Meta(max_length=100)] = {}
    source: Name = ""
    tags: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()
    auth_schema: Name = "default"
    type: Name = "user"
    auto_dct: bool = msgspec.field(default=False, name="autoDCT")
    empty_claim_policy: Name = "none"
    omit_custom_claims_from_dsr: bool = msgspec.field(default=False, name="omitCustomClaimsFromDSR")
    add_jti: bool = False
    exclude_permissions: bool = False

    def given(self, template_id: str | None = None) -> GivenTemplate:
        """Return the template as the management API takes it."""
        return shaping.convert({**msgspec.to_builtins(self), "id": template_id}, GivenTemplate)


class List(_Entry, frozen=True, kw_only=True):
    """A list; data of None are not in the snapshot."""

    name: GivenName
    description: Description = ""
    type: Literal["texts", "ips", "json"]
    data: object = None


class ApiScope(_Entry, frozen=True, kw_only=True):
    """A scope that an API knows."""

    name: Scope
    description: Description = ""


class Api(_Entry, frozen=True, kw_only=True):
    """An API that access tokens are for."""

    identifier: Audience
    name: Annotated[str, Meta(max_length=256)] = ""
    lifetime_seconds: Lifetime = 86_400
    algorithm: Algorithm = "RS256"
    rbac: bool = False
    allows_offline: bool = True
    permissions: Annotated[tuple[ApiScope, ...], Meta(max_length=500)] = ()


class Granted(_Entry, frozen=True, kw_only=True):
    """What an application may do at an API in its own name."""

    audience: Audience
    scopes: Scopes = ()


class Application(_Entry, frozen=True, kw_only=True):
    """An application; its settings are checked with what the project has."""

    id: Id
    kind: Literal["oidc", "third-party", "saml"] = "oidc"
    name: GivenName
    description: Description = ""
    logo: Address = ""
    enabled: bool = True
    trusted: bool = False
    login_page_url: Address = ""
    force_authentication: bool = False
    settings: Annotated[dict[str, object], Meta(max_length=100)] = {}
    grants: Annotated[tuple[Granted, ...], Meta(max_length=100)] = ()


class _Passwords(_Entry, frozen=True, kw_only=True):
    enabled: bool | None = None
    min_length: int | None = None
    lowercase: bool | None = None
    uppercase: bool | None = None
    number: bool | None = None
    non_alphanumeric: bool | None = None
    expiration: bool | None = None
    expiration_weeks: int | None = None
    reuse: bool | None = None
    reuse_amount: int | None = None
    lock: bool | None = None
    lock_attempts: int | None = None


class _TokenTemplates(_Entry, frozen=True, kw_only=True):
    jwt_templates: Annotated[tuple[TokenTemplate, ...], Meta(max_length=100)] = msgspec.field(name="jwt_templates")


class _Apis(_Entry, frozen=True, kw_only=True):
    apis: Annotated[tuple[Api, ...], Meta(max_length=MOST_LISTED)]


class _Applications(_Entry, frozen=True, kw_only=True):
    applications: Annotated[tuple[Application, ...], Meta(max_length=MOST_LISTED)]


class _Lists(_Entry, frozen=True, kw_only=True):
    lists: Annotated[tuple[List, ...], Meta(max_length=100)]


class _Header(_Entry, frozen=True, kw_only=True):
    format: Literal["avow"]
    version: Literal[1]


class _Permissions(_Entry, frozen=True, kw_only=True):
    permissions: Annotated[tuple[Permission, ...], Meta(max_length=1000)]


class _Roles(_Entry, frozen=True, kw_only=True):
    roles: Annotated[tuple[Role, ...], Meta(max_length=1000)]


class _Attributes(_Entry, frozen=True, kw_only=True):
    attributes: Annotated[tuple[Attribute, ...], Meta(max_length=1500)]


class _Templates(_Entry, frozen=True, kw_only=True):
    templates: Annotated[tuple[Template, ...], Meta(max_length=200)]


class _FlowFile(_Entry, frozen=True, kw_only=True):
    flow: dict[str, object]
    screens: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a project is configured with; a part that is None is not in the snapshot.

    Attributes:
        settings: By the name on the wire.
        permissions: By name.
        roles: Of the project, by name.
        attributes: By kind and name.
        templates: By message, method and locale.
        jwt_templates: By name.
        lists: By name.
        apis: By identifier.
        applications: By id.
        passwords: What the project asks of passwords.
        flows: By id.
        theme: The one theme.
    """

    settings: Mapping[str, object] | None = None
    permissions: Sequence[Permission] | None = None
    roles: Sequence[Role] | None = None
    attributes: Sequence[Attribute] | None = None
    templates: Sequence[Template] | None = None
    jwt_templates: Sequence[TokenTemplate] | None = None
    lists: Sequence[List] | None = None
    apis: Sequence[Api] | None = None
    applications: Sequence[Application] | None = None
    passwords: PasswordSettings | None = None
    flows: Sequence[Flow] | None = None
    theme: Theme | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return which parts there are."""
        return tuple(kind for kind in KINDS if getattr(self, kind) is not None)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A snapshot as it was read, and a sentence for each thing that is wrong with its files."""

    snapshot: Snapshot
    failures: tuple[str, ...] = ()


# Of these a file holds a list, under the name of the kind.
LISTED = ("permissions", "roles", "attributes", "templates", "jwt_templates", "lists", "apis", "applications")
KINDS = ("settings", *LISTED, "passwords", "flows", "theme")


def parse(
    files: Mapping[str, object], *, excludes: Collection[str] = (), secrets: Mapping[str, object] | None = None
) -> Parsed:
    """Read the files of a snapshot.

    Args:
        files: By path.
        excludes: Paths and kinds that are passed over, unread.
        secrets: What the caller gives besides, in the form of `SnapshotSecrets`.

    Returns:
        What the files say, as far as they can be read, and what is wrong with them.
    """
    reader = _Reader()
    reader.secrets(secrets or {})
    for named in excludes:
        if named not in KINDS and named not in files:
            reader.fail(f"There is no file or kind of file {_quoted(named)} to exclude.")
    wanted = {path: content for path, content in files.items() if not _is_excluded(path, excludes)}
    if _HEADER not in wanted:
        reader.fail(f"The file {_HEADER} is missing: these are no files of an export.")
    for path in sorted(wanted):
        reader.file(path, wanted[path])
    return Parsed(reader.snapshot, tuple(reader.failures))


def write(snapshot: Snapshot) -> dict[str, object]:
    """Return the files of a snapshot, each made of plain values in an order that does not change by itself."""
    files: dict[str, object] = {_HEADER: {"format": FORMAT, "version": VERSION}}
    if snapshot.settings is not None:
        files["settings.json"] = dict(snapshot.settings)
    for kind in LISTED:
        entries = getattr(snapshot, kind)
        if entries is not None:
            files[f"{kind}.json"] = {kind: [msgspec.to_builtins(each) for each in entries]}
    if snapshot.passwords is not None:
        files["passwords.json"] = msgspec.to_builtins(snapshot.passwords)
    for flow in snapshot.flows or ():
        files[f"{_FLOWS}{flow.id}.json"] = {"flow": flows.document_of(flow), "screens": list(flow.screens)}
    if snapshot.theme is not None and snapshot.theme.id:
        files["theme.json"] = {"id": snapshot.theme.id, "cssTemplate": dict(snapshot.theme.css_template)}
    return files


def by_name(scopes: Iterable[ApiScope]) -> tuple[ApiScope, ...]:
    """Return scopes in the order that does not change by itself."""
    return tuple(sorted(scopes, key=lambda each: each.name))


def by_audience(grants: Iterable[Granted]) -> tuple[Granted, ...]:
    """Return grants and their scopes in the order that does not change by itself."""
    each_sorted = (msgspec.structs.replace(each, scopes=tuple(sorted(set(each.scopes)))) for each in grants)
    return tuple(sorted(each_sorted, key=lambda each: each.audience))


class _Reader:
    """Reads file after file and notes what is wrong, so that all of it is told at once."""

    def __init__(self) -> None:
        self.snapshot = Snapshot()
        self.failures: list[str] = []
        self._readers: dict[str, Callable[[str, object], None]] = {
            _HEADER: self._header,
            "settings.json": self._settings,
            "permissions.json": self._permissions,
            "roles.json": self._roles,
            "attributes.json": self._attributes,
            "templates.json": self._templates,
            "jwt_templates.json": self._jwt_templates,
            "lists.json": self._lists,
            "apis.json": self._apis,
            "applications.json": self._applications,
            "passwords.json": self._passwords,
            "theme.json": self._theme,
        }

    def fail(self, sentence: str) -> None:
        """Note a failure; of very many the first ones are enough."""
        if len(self.failures) < MOST_FAILURES:
            self.failures.append(sentence[:_MOST_SENTENCE])

    def file(self, path: str, content: object) -> None:
        """Read one file; only the paths of the layout exist, so that none leads elsewhere."""
        read = self._readers.get(path)
        if read is None and path.startswith(_FLOWS) and path.endswith(".json"):
            read = self._flow
        if read is None:
            self.fail(f"A snapshot has no file {_quoted(path)}.")
            return
        try:
            read(path, content)
        except InvalidArgument as wrong:
            self.fail(f"{path}: {wrong.error_message}" if path in self._readers else wrong.error_message)
        except msgspec.ValidationError as wrong:
            self.fail(f"{_quoted(path)}: {wrong}.")

    def secrets(self, given: Mapping[str, object]) -> None:
        """Refuse secrets that belong to nothing: no part of this layout has one yet."""
        try:
            shaped = shaping.convert(given, SnapshotSecrets)
        except msgspec.ValidationError:
            # The library's own text may quote a secret.
            self.fail("inputSecrets does not have the expected shape.")
            return
        for each in _each_secret(shaped):
            self.fail(f"The snapshot holds nothing with the id {_quoted(each.id)} that a secret could be of.")

    def _header(self, path: str, content: object) -> None:
        shaping.convert(content, _Header)

    def _settings(self, path: str, content: object) -> None:
        self.snapshot = replace(self.snapshot, settings=shaping.convert(content, dict[str, object]))

    def _permissions(self, path: str, content: object) -> None:
        found = shaping.convert(content, _Permissions).permissions
        self._once(path, (each.name for each in found))
        self.snapshot = replace(self.snapshot, permissions=found)

    def _roles(self, path: str, content: object) -> None:
        found = shaping.convert(content, _Roles).roles
        self._once(path, (each.name for each in found))
        if sum(len(each.permission_names) for each in found) > MOST_LINKS:
            raise InvalidArgument(error_message=f"The roles have more than {MOST_LINKS} permissions together.")
        self.snapshot = replace(self.snapshot, roles=found)

    def _attributes(self, path: str, content: object) -> None:
        found = shaping.convert(content, _Attributes).attributes
        self._once(path, (f"{each.kind} {each.name}" for each in found))
        for each in found:
            if not each.name.isprintable():
                self.fail(f"{path}: The name of an attribute must not hold control characters.")
            if each.type.endswith("select") and not each.options:
                self.fail(f"{path}: The attribute {_quoted(each.name)} needs options to select from.")
        self.snapshot = replace(self.snapshot, attributes=found)

    def _templates(self, path: str, content: object) -> None:
        found = shaping.convert(content, _Templates).templates
        self._once(path, (f"{each.template} {each.method} {each.locale}" for each in found))
        for each in found:
            own = OwnTemplate(each.locale, each.subject, each.text, each.html)
            delivery.check_template(each.template, each.method, own)
        self.snapshot = replace(self.snapshot, templates=found)

    def _jwt_templates(self, path: str, content: object) -> None:
        found = shaping.convert(content, _TokenTemplates).jwt_templates
        self._once(path, (each.name for each in found))
        for each in found:
            for issue in issues(each.given()):
                self.fail(f"{path}: {_quoted(each.name)}: {issue.message}")
        self.snapshot = replace(self.snapshot, jwt_templates=found)

    def _lists(self, path: str, content: object) -> None:
        found = shaping.convert(content, _Lists).lists
        self._once(path, (each.name for each in found))
        self.snapshot = replace(self.snapshot, lists=[_canonical(each) for each in found])

    def _apis(self, path: str, content: object) -> None:
        found = shaping.convert(content, _Apis).apis
        self._once(path, (each.identifier for each in found))
        for api in found:
            self._once(path, (f"{api.identifier} {each.name}" for each in api.permissions))
        sorted_ = [msgspec.structs.replace(each, permissions=by_name(each.permissions)) for each in found]
        self.snapshot = replace(self.snapshot, apis=sorted_)

    def _applications(self, path: str, content: object) -> None:
        found = shaping.convert(content, _Applications).applications
        self._once(path, (each.id for each in found))
        sorted_ = [msgspec.structs.replace(each, grants=by_audience(each.grants)) for each in found]
        self.snapshot = replace(self.snapshot, applications=sorted_)

    def _passwords(self, path: str, content: object) -> None:
        said = shaping.convert(content, _Passwords)
        wanted = shaping.convert({**msgspec.to_builtins(said), "tenantId": ""}, ConfigurePasswords)
        self.snapshot = replace(self.snapshot, passwords=policy.changed(PasswordSettings(), wanted))

    def _flow(self, path: str, content: object) -> None:
        flow_id = path.removeprefix(_FLOWS).removesuffix(".json")
        file = shaping.convert(content, _FlowFile)
        flow = flows.checked(flow_id, file.flow, file.screens)
        chosen.check(flow)  # what is meant to be run has to be runnable
        self.snapshot = replace(self.snapshot, flows=(*(self.snapshot.flows or ()), flow))

    def _theme(self, path: str, content: object) -> None:
        self.snapshot = replace(self.snapshot, theme=flows.checked_theme(shaping.convert(content, dict[str, object])))

    def _once(self, path: str, names: Iterable[str]) -> None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                self.fail(f"{path}: {_quoted(name)} stands there twice.")
            seen.add(name)


def _each_secret(secrets: SnapshotSecrets) -> Sequence[SnapshotSecret]:
    return (*secrets.connectors, *secrets.oauth_providers, *secrets.outbound_apps)


def _canonical(each: List) -> List:
    """Return a list whose entries are in the form in which they are kept.

    Raises:
        InvalidArgument: The data do not fit the type.
    """
    if each.data is None or (each.type == "json" and isinstance(each.data, dict)):
        return each
    if each.type == "json" or not isinstance(each.data, list):
        raise InvalidArgument(error_message=f"The data of the list {_quoted(each.name)} do not fit its type.")
    return msgspec.structs.replace(each, data=list(entries(each.type, each.data)))


def _is_excluded(path: str, excludes: Collection[str]) -> bool:
    kind = "flows" if path.startswith(_FLOWS) else path.removesuffix(".json")
    return path in excludes or (kind in KINDS and kind in excludes)


def _quoted(text: str) -> str:
    return repr(text[:100])
