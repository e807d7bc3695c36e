"""Flows: how browsers go through them, and as documents that management keeps; and the theme. Shapes and routes.

Spec: contract "web" sections 1 and 2.
"""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from avow.wire.bounds import Name, Reference, Text, Url
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import SECRET, Secret
from avow.wire.sessions import JwtResponse

__all__ = [
    "NEXT",
    "START",
    "DELETE",
    "ENDPOINTS",
    "EXPORT",
    "EXPORT_THEME",
    "IMPORT",
    "IMPORT_THEME",
    "LIST",
    "ExportedFlow",
    "FlowAnswer",
    "FlowNext",
    "FlowOutput",
    "FlowOptions",
    "FlowRedirect",
    "FlowRun",
    "FlowScreen",
    "FlowStart",
    "FlowWebAuthn",
    "LastAuth",
    "RESULT",
    "RUN",
    "RUN_ASYNC",
    "RunFlow",
    "ScreenState",
    "TotpState",
    "FlowHead",
    "FlowIds",
    "FlowRef",
    "Flows",
    "ImportFlow",
    "ImportTheme",
    "Theme",
]

Inputs = Annotated[dict[str, object], Meta(max_length=100, extra=SECRET)]
# Where a page is may be longer than any address that is led back to: it is ignored then.
Page = Annotated[str, Meta(max_length=65_536)]
# Documents are free within: what a flow may do, its execution decides.
Document = Annotated[dict[str, object], Meta(max_length=200)]
Screens = Annotated[tuple[Document, ...], Meta(max_length=200)]


class FlowHead(Shape, frozen=True, kw_only=True):
    """A flow as lists show it."""

    id: str
    name: str
    description: str
    disabled: bool


class Flows(Shape, frozen=True, kw_only=True):
    """All flows, by id."""

    flows: tuple[FlowHead, ...]
    total: int


class FlowRef(Shape, frozen=True, kw_only=True):
    """A flow, by its id."""

    flow_id: Reference


class FlowIds(Shape, frozen=True, kw_only=True):
    """Flows to be deleted, all or none."""

    ids: Annotated[tuple[Reference, ...], Meta(max_length=200)] | None = None


class ImportFlow(Shape, frozen=True, kw_only=True):
    """A flow to be kept under an id, in the place of what was there.

    Attributes:
        flow_id: Letters, digits, `-` and `_`, at most 128.
        flow: `name`, `description`, `disabled` and `dsl`; what else there is, is kept as it is.
        screens: Each with an `id` of its own.
    """

    flow_id: Reference
    flow: Document | None = None
    screens: Screens | None = None


class ExportedFlow(Shape, frozen=True, kw_only=True):
    """A flow with its screens.

    Attributes:
        flow: `id`, `name`, `description`, `disabled`, `dsl`, `etag` (another one after each change), and what else
            was imported.
        screens: Each with `id`, `inputs`, `interactions`, and what else was imported.
    """

    flow: dict[str, object]
    screens: tuple[dict[str, object], ...]


class RunFlow(Shape, frozen=True, kw_only=True):
    """A flow to be run without anybody: it has no screens, only acts and choices.

    Attributes:
        flow_id: Which.
        input: Values that its acts take, as they would take those of a screen.
        preview: Accepted and ignored.
        tenant: Whose it is.
    """

    flow_id: Reference
    input: Inputs | None = None
    preview: bool | None = None
    tenant: Text | None = None


class FlowOutput(Shape, frozen=True, kw_only=True):
    """What a flow that ran has to say: `status`, `loginId`, `sentTo`, as far as there is something to."""

    output: dict[str, str]


class FlowRun(Shape, frozen=True, kw_only=True):
    """A run whose output is asked for later, for half an hour at least."""

    execution_id: Reference


class ImportTheme(Shape, frozen=True, kw_only=True):
    """A theme to be the project's, in the place of the one before: `id` and `cssTemplate`."""

    theme: Document | None = None


class Theme(Shape, frozen=True, kw_only=True):
    """The theme of the project; without one, "" and {}."""

    id: str
    css_template: dict[str, object]


class LastAuth(Shape, frozen=True, kw_only=True):
    """How the person came in the last time, for their browser to keep."""

    auth_method: Text | None = None
    login_id: Text | None = None
    name: Text | None = None
    oauth_provider: Text | None = None


class FlowDevice(Shape, frozen=True, kw_only=True):
    """What the browser can do; `web_authn_support` is the official component's word for passkeys."""

    web_authn_support: bool | None = None


class FlowOptions(Shape, frozen=True, kw_only=True):
    """Wishes of the page that a flow is on; there are many more, which are ignored.

    Attributes:
        location: Address of the page.
        redirect_url: Where links and providers lead back to, in the place of `location`.
        tenant: Whose sign-in it is.
        locale: Language of the screens.
        last_auth: See there.
        device_info: See there.
    """

    location: Page | None = None
    redirect_url: Url | None = None
    tenant: Text | None = None
    locale: Name | None = None
    last_auth: LastAuth | None = None
    device_info: FlowDevice | None = None


class FlowStart(Shape, frozen=True, kw_only=True):
    """A flow to begin.

    Attributes:
        flow_id: Which.
        options: See there.
        interaction_id: What was done on a first screen that the server has not seen yet, or "".
        input: Values of that screen; secrets may be among them.
    """

    flow_id: Reference
    options: FlowOptions | None = None
    interaction_id: Text | None = None
    input: Inputs | None = None

    @property
    def login_id(self) -> str:
        """Return whom it is about, for the limits per login ID."""
        return _login_id(self.input)


class FlowNext(Shape, frozen=True, kw_only=True):
    """What a person did on a screen; the header `x-descope-flow-nonce` says that this browser was shown it.

    Attributes:
        execution_id: As the start answered.
        step_id: As the last answer had it.
        interaction_id: Id of the button; `submit` for what came back by itself; `polling`.
        input: Values of the screen.
    """

    execution_id: Reference
    step_id: Text | None = None
    interaction_id: Text | None = None
    input: Inputs | None = None

    @property
    def login_id(self) -> str:
        """Return whom it is about, for the limits per login ID."""
        return _login_id(self.input)


def _login_id(inputs: dict[str, object] | None) -> str:
    typed = (inputs or {}).get("email", "")
    return typed[:320] if isinstance(typed, str) else ""


class TotpState(Shape, frozen=True, kw_only=True):
    """The seed of an authenticator app: picture (PNG, base64), address and text."""

    image: Secret
    provision_url: Secret
    key: Secret


class ScreenState(Shape, frozen=True, kw_only=True):
    """What a screen shows beside its fragment: what changes, and secrets.

    Attributes:
        error_text: What was wrong, "" for nothing.
        totp: See there.
        recovery: Recovery codes as `c0`, `c1`, ...
        sent_to: Masked address.
        link_id: Number of an enchanted link.
    """

    error_text: str | UnsetType = UNSET
    totp: TotpState | UnsetType = UNSET
    recovery: Annotated[dict[str, str], Meta(extra=SECRET)] | UnsetType = UNSET
    sent_to: str | UnsetType = UNSET
    link_id: str | UnsetType = UNSET


class FlowScreen(Shape, frozen=True, kw_only=True):
    """A screen: `<id>.html` is its fragment."""

    id: str = ""
    state: ScreenState = ScreenState()


class FlowRedirect(Shape, frozen=True, kw_only=True):
    """Where the browser is to go."""

    url: str
    is_popup: bool = False


class FlowWebAuthn(Shape, frozen=True, kw_only=True):
    """What the browser is to ask for a passkey.

    Attributes:
        transaction_id: Of the ceremony.
        options: What the browser takes, as JSON.
        create: A new one, rather than one that is there.
        screen_id: What may be shown meanwhile. Not in `screen`: the official component would show it afterwards.
    """

    transaction_id: str
    options: str
    create: bool
    screen_id: str


class FlowAnswer(Shape, frozen=True, kw_only=True):
    """Where a flow is.

    Attributes:
        execution_id: `<flow id>|#|<random>`.
        step_id: How many steps were taken.
        step_name: Of the screen.
        status: `waiting`, `completed` or `failed`.
        action: `screen`, `poll`, `redirect`, `webauthnCreate`, `webauthnGet` or `none`.
        screen: What to show.
        redirect: See there.
        webauthn: See there (the official component's spelling).
        auth_info: The session, when it is completed.
        last_auth: For the browser to keep.
        open_in_new_tab_url: A page that is opened beside the flow.
        output: What the flow has to say at its end.
    """

    execution_id: str
    step_id: str
    step_name: str = ""
    status: str = "waiting"
    action: str = "screen"
    screen: FlowScreen | UnsetType = UNSET
    redirect: FlowRedirect | UnsetType = UNSET
    webauthn: FlowWebAuthn | UnsetType = field(default=UNSET, name="webauthn")
    auth_info: Annotated[JwtResponse, Meta(extra=SECRET)] | UnsetType = UNSET
    last_auth: LastAuth | UnsetType = UNSET
    open_in_new_tab_url: str | UnsetType = UNSET
    output: dict[str, object] | UnsetType = UNSET


# The cookie of the session counts at the start: who adds a passkey is signed in.
START = Endpoint(
    "js-only.flow.start", "POST", "/v1/flow/start", FlowStart, FlowAnswer, Caller.PROJECT, may_be_empty=True
)
# And at each step: the page refreshes that session meanwhile, and the token of the start may have been rotated.
NEXT = Endpoint("js-only.flow.next", "POST", "/v1/flow/next", FlowNext, FlowAnswer, Caller.PROJECT, may_be_empty=True)
LIST = Endpoint(
    "mgmt.flow.list_flows", "POST", "/v1/mgmt/flow/list", Nothing, Flows, Caller.MANAGEMENT, only_reads=True
)
DELETE = Endpoint("mgmt.flow.delete_flows", "POST", "/v1/mgmt/flow/delete", FlowIds, Nothing, Caller.MANAGEMENT)
EXPORT = Endpoint(
    "mgmt.flow.export_flow", "POST", "/v1/mgmt/flow/export", FlowRef, ExportedFlow, Caller.MANAGEMENT, only_reads=True
)
IMPORT = Endpoint("mgmt.flow.import_flow", "POST", "/v1/mgmt/flow/import", ImportFlow, ExportedFlow, Caller.MANAGEMENT)
RUN = Endpoint("mgmt.flow.run_flow", "POST", "/v1/mgmt/flow/run", RunFlow, FlowOutput, Caller.MANAGEMENT)
RUN_ASYNC = Endpoint("mgmt.flow.run_flow_async", "POST", "/v1/mgmt/flow/async/run", RunFlow, FlowRun, Caller.MANAGEMENT)
RESULT = Endpoint(
    "mgmt.flow.get_flow_async_result",
    "POST",
    "/v1/mgmt/flow/async/result",
    FlowRun,
    FlowOutput,
    Caller.MANAGEMENT,
    only_reads=True,
)
EXPORT_THEME = Endpoint(
    "mgmt.flow.export_theme", "POST", "/v1/mgmt/theme/export", Nothing, Theme, Caller.MANAGEMENT, only_reads=True
)
IMPORT_THEME = Endpoint(
    "mgmt.flow.import_theme", "POST", "/v1/mgmt/theme/import", ImportTheme, Theme, Caller.MANAGEMENT
)

ENDPOINTS = (START, NEXT, LIST, DELETE, EXPORT, IMPORT, RUN, RUN_ASYNC, RESULT, EXPORT_THEME, IMPORT_THEME)
