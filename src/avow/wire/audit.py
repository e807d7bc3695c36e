"""The audit: what happened in a project, found again, added to, and sent on to webhooks: shapes and routes."""

from typing import Annotated, Literal

from msgspec import Meta, field

from avow.wire.bounds import Flag, Name, Reference, Text, Url
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import SECRET

__all__ = [
    "CREATE_EVENT",
    "ENDPOINTS",
    "MOST_ON_PAGE",
    "SEARCH",
    "SET_WEBHOOK",
    "Audit",
    "Audits",
    "CreateEvent",
    "SearchAudit",
    "SetWebhook",
    "WebhookAnswer",
    "WebhookFilter",
]

MOST_ON_PAGE = 1000
_MOST_VALUES = 500

GivenName = Annotated[str, Meta(min_length=1, max_length=256)]
Description = Annotated[str, Meta(max_length=1024)]
References = Annotated[tuple[Reference, ...], Meta(max_length=_MOST_VALUES)]
Texts = Annotated[tuple[Text, ...], Meta(max_length=_MOST_VALUES)]
Milliseconds = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
Data = Annotated[dict[str, object], Meta(max_length=100)]
HeaderValue = Annotated[str, Meta(max_length=4096)]
Headers = Annotated[dict[Name, HeaderValue], Meta(max_length=50, extra=SECRET)]
HmacSecret = Annotated[str, Meta(max_length=256, extra=SECRET)]
Freeform = Annotated[dict[str, object], Meta(max_length=20, extra=SECRET)]


class Audit(Shape, frozen=True, kw_only=True):
    """One event.

    Attributes:
        id: `V...`; the same event has the same id wherever it is read. Avow's own.
        project_id: Where it happened.
        user_id: The user concerned, or "".
        action: What happened, `noun.verb` for Avow's own events: `session.opened`, `code.refused`.
        type: `info`, `warn` (something was refused) or `error`.
        actor_id: Who did it: the id of a user or management key, `anyone`, `command`; of an event made by
            `create_event`, whom that call named.
        occurred: Milliseconds since the epoch, as text; to the second.
        device: `Desktop`, `Mobile`, `Tablet`, `Bot` or `Unknown`; "" when no device took part.
        method: Method of sign-in, or "".
        geo: Always "": Avow does not guess where an address lies.
        remote_address: The caller's address, or "".
        external_ids: Login ids that the user has now.
        tenants: The tenant concerned, if there is one.
        data: What belongs to it besides; ids and outcomes, never a secret.
    """

    id: str
    project_id: str
    user_id: str
    action: str
    type: str
    actor_id: str
    occurred: str
    device: str
    method: str
    geo: str
    remote_address: str
    external_ids: tuple[str, ...]
    tenants: tuple[str, ...]
    data: dict[str, object]


class Audits(Shape, frozen=True, kw_only=True):
    """A page of events, the newest first, and how many there are on all pages."""

    audits: tuple[Audit, ...]
    total: int


class SearchAudit(Shape, frozen=True, kw_only=True):
    """Which events are looked for; what is absent does not matter, of a list any value will do.

    Attributes:
        no_tenants: With `tenants`: also events of no tenant.
        user_ids: Of these users.
        actions: Of these actions.
        excluded_actions: Of other actions than these.
        devices: By these kinds of devices.
        methods: By these methods of sign-in.
        geos: From these countries; Avow knows none.
        remote_addresses: From these addresses.
        external_ids: Of users who have these login ids now.
        tenants: Of these tenants.
        text: Action, actor, user, tenant, address, device or data contain it, in whatever case.
        from_: Milliseconds since the epoch; 30 days ago when absent.
        to: Milliseconds since the epoch; now when absent.
        limit: Events on a page, at most 1000, which is also the default.
        page: Which page, from 0.
    """

    no_tenants: Flag = None
    user_ids: References | None = None
    actions: References | None = None
    excluded_actions: References | None = None
    devices: Texts | None = None
    methods: Texts | None = None
    geos: Texts | None = None
    remote_addresses: Texts | None = None
    external_ids: Texts | None = None
    tenants: Texts | None = None
    text: Text | None = None
    from_: Milliseconds | None = field(default=None, name="from")
    to: Milliseconds | None = None
    limit: Annotated[int, Meta(ge=0, le=MOST_ON_PAGE)] | None = None
    page: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None


class CreateEvent(Shape, frozen=True, kw_only=True):
    """An event of the application's own, to stand in the audit.

    Attributes:
        action: What happened.
        type: `info`, `warn` or `error`.
        actor_id: Who did it, as the application knows them.
        tenant_id: The tenant concerned, or "".
        user_id: The user concerned.
        data: What belongs to it besides, at most 16 KiB of JSON; never a secret.
    """

    action: GivenName
    type: Literal["info", "warn", "error"]
    actor_id: Name
    tenant_id: Name
    user_id: Name | None = None
    data: Data | None = None


class WebhookFilter(Shape, frozen=True, kw_only=True):
    """Which events a webhook is for.

    Attributes:
        filter_type: `actions`, `tenants`, or `all`, which says nothing.
        operator: `includes` (the default): one of the values; `excludes`: none of them.
        values: Actions, or ids of tenants.
    """

    filter_type: Literal["all", "actions", "tenants"] | None = None
    operator: Literal["includes", "excludes"] | None = None
    values: References | None = None


class SetWebhook(Shape, frozen=True, kw_only=True):
    """A webhook to be made, or what is to stand in the one of this name.

    Attributes:
        name: Unique in the project.
        url: https. Absent for a webhook that exists: as it was. "": the webhook is deleted.
        headers: Sent with each event, such as `Authorization`; kept sealed. Absent: as they were.
        description: For people.
        hmac_secret: What signs, 16 characters or more. Absent: as it was; for a new webhook one is made and answered.
        filters: All of them have to hold. Absent: as they were.
        authentication: Not supported; use `headers`.
        insecure: Not supported: certificates are always checked.
    """

    name: GivenName
    url: Url | None = None
    headers: Headers | None = None
    description: Description | None = None
    hmac_secret: HmacSecret | None = None
    filters: Annotated[tuple[WebhookFilter, ...], Meta(max_length=20)] | None = None
    authentication: Freeform | None = None
    insecure: Flag = None


class WebhookAnswer(Shape, frozen=True, kw_only=True):
    """The secret that Avow made for a new webhook, shown this once; "" when there is nothing to show."""

    hmac_secret: Annotated[str, Meta(extra=SECRET)] = ""


SEARCH = Endpoint(
    "mgmt.audit.search",
    "POST",
    "/v1/mgmt/audit/search",
    SearchAudit,
    Audits,
    Caller.MANAGEMENT,
    only_reads=True,
    for_tenant_admins=True,
)
CREATE_EVENT = Endpoint(
    "mgmt.audit.create_event", "POST", "/v1/mgmt/audit/event", CreateEvent, Nothing, Caller.MANAGEMENT
)
SET_WEBHOOK = Endpoint(
    "mgmt.audit.create_audit_webhook",
    "POST",
    "/v2/mgmt/connector/audit/web/set",
    SetWebhook,
    WebhookAnswer,
    Caller.MANAGEMENT,
)

ENDPOINTS = (SEARCH, CREATE_EVENT, SET_WEBHOOK)
