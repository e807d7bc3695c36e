"""From a draft to a message a person reads: the built-in letter in their language, or the project's own template.

Jinja2 (20 ms) is imported where it renders: a server is ready without it.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from avow.errors import InvalidArgument
from avow.server.delivery.catalogue import DEFAULT, LANGUAGES, Texts, fill, one_line, preferences, texts
from avow.server.delivery.devices import known_device
from avow.server.delivery.messages import NOTICES, Link, Method, OwnTemplate, Parameters, Rendered, Template

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["Draft", "check_own", "known_device_text", "render"]

_log = logging.getLogger("avow.delivery")
_HOUR_SECONDS = 3600
_SUBJECT_LENGTH = 200
_SAMPLE = Parameters(
    lifetime_seconds=600,
    code="123456",
    link="https://app.example.com/verify?t=sample",
    links=(Link("42", "https://app.example.com/verify?t=one"), Link("17", "https://app.example.com/verify?t=two")),
    device="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    place="203.0.113.7",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything a message is rendered from.

    Attributes:
        id: Id of the outbox row.
        template: Which message it is.
        method: How it travels.
        address: Its recipient.
        app: Name of the project.
        locale: Languages the reader wants, the most wanted first, comma-separated.
        parameters: What it tells.
        own: The project's own templates for this message and method.
        created_at: When it was asked for.
    """

    id: str
    template: Template
    method: Method
    address: str
    app: str
    locale: str
    parameters: Parameters
    own: Sequence[OwnTemplate] = field(default=())
    created_at: int = 0


def render(draft: Draft) -> Rendered:
    """Write a message in the best language there is for its reader."""
    language, own = _choose(preferences(draft.locale), {each.locale: each for each in draft.own})
    if own is not None:
        from jinja2 import TemplateError

        try:
            return _render_own(draft, own, language)
        except TemplateError as wrong:
            _log.error("own template %s/%s does not render: %s", draft.template, draft.method, type(wrong).__name__)
    return _render_built_in(draft, language if language in LANGUAGES else DEFAULT)


def check_own(method: Method, own: OwnTemplate) -> None:
    """Refuse a project's template that cannot be used, by trying it in the sandbox.

    Raises:
        InvalidArgument: The locale is malformed, a part is missing, or a template reaches for more than it may.
    """
    if own.locale and preferences(own.locale) != (own.locale,):
        raise InvalidArgument(error_message="The locale must be a language such as en, or empty for every language.")
    if not own.text.strip():
        raise InvalidArgument(error_message="The text template must not be empty.")
    if method == "email" and not own.subject.strip():
        raise InvalidArgument(error_message="The subject template must not be empty.")
    from avow.server.delivery import sandbox

    values = _own_values("Sample", _SAMPLE, texts(DEFAULT), own.locale or DEFAULT)
    sandbox.check(own.subject, "subject", values, is_html=False)
    sandbox.check(own.text, "text", values, is_html=False)
    sandbox.check(own.html, "html", values, is_html=True)


def known_device_text(user_agent: str, words: Texts) -> str:
    """Return `Firefox on Windows` in the reader's language, or "" when the device is not known."""
    browser, system = known_device(user_agent)
    if browser and system:
        return fill(words.device, browser=browser, system=system)
    return browser or system


def _choose(wanted: Sequence[str], own: Mapping[str, OwnTemplate]) -> tuple[str, OwnTemplate | None]:
    """Return the language to write in and the project's template for it, if the project has one that serves it."""
    for language in wanted:
        if language in own:
            return language, own[language]
        if language in LANGUAGES:
            return language, own.get("")
    return DEFAULT, own.get("", own.get(DEFAULT))


def _render_own(draft: Draft, own: OwnTemplate, language: str) -> Rendered:
    from avow.server.delivery import sandbox

    words = texts(language if language in LANGUAGES else DEFAULT)
    values = _own_values(draft.app, draft.parameters, words, language)
    is_mail = draft.method == "email"
    text = sandbox.render(own.text, values, is_html=False)
    return _rendered(
        draft,
        language,
        subject=sandbox.render(own.subject, values, is_html=False) if is_mail else "",
        text=text,
        html=sandbox.render(own.html, values, is_html=True) if is_mail else "",
        spoken=text if draft.method == "voice" else "",
    )


def _own_values(app: str, parameters: Parameters, words: Texts, language: str) -> dict[str, object]:
    """Return what `sandbox.VARIABLES` names: plain texts, and plain mappings of texts."""
    return {
        "app": one_line(app),
        "code": parameters.code,
        "link": parameters.link,
        "links": [{"id": each.id, "url": each.url} for each in parameters.links],
        "minutes": str(-(-parameters.lifetime_seconds // 60)),
        "what": one_line(parameters.what),
        "device": known_device_text(parameters.device, words),
        "place": one_line(parameters.place),
        "locale": language,
        "options": {key: one_line(text) for key, text in parameters.options.items()},
    }


def _render_built_in(draft: Draft, language: str) -> Rendered:
    words = texts(language)
    values = _letter_values(draft, words, language)
    if draft.method == "voice":
        spoken = _fill_file("voice.txt", values)
        return _rendered(draft, language, text=spoken, spoken=spoken)
    if draft.method != "email":
        return _rendered(draft, language, text=_fill_file("sms.txt", values))
    return _rendered(
        draft,
        language,
        subject=str(values["subject"]),
        text=_fill_file("letter.txt", values),
        html=_fill_file("letter.html", values),
    )


def _letter_values(draft: Draft, words: Texts, language: str) -> dict[str, object]:
    parameters, own = draft.parameters, words.messages[draft.template]
    app = one_line(draft.app)
    return {
        "locale": language,
        "direction": words.direction,
        "app": app,
        "subject": f"{app}: {own.heading}",
        "heading": own.heading,
        "lead": own.lead,
        "button": own.button,
        "code": parameters.code,
        "spoken_code": ", ".join(parameters.code),
        "link": parameters.link,
        "links": parameters.links,
        "host": parameters.host,
        "what": one_line(parameters.what),
        "holds": _holds(words, parameters.lifetime_seconds),
        "asked": _asked(words, parameters),
        "ignore": words.alarm if draft.template in NOTICES else words.ignore,
        "keep": words.keep,
        "paste": words.paste,
    }


def _holds(words: Texts, seconds: int) -> str:
    if not seconds:
        return ""
    if seconds >= 2 * _HOUR_SECONDS and seconds % _HOUR_SECONDS == 0:
        return fill(words.hours, hours=str(seconds // _HOUR_SECONDS))
    return fill(words.minutes, minutes=str(max(1, seconds // 60)))


def _asked(words: Texts, parameters: Parameters) -> str:
    origin = [known_device_text(parameters.device, words), one_line(parameters.place)]
    return fill(words.asked, origin=", ".join(filter(None, origin))) if any(origin) else ""


def _rendered(
    draft: Draft, language: str, *, text: str, subject: str = "", html: str = "", spoken: str = ""
) -> Rendered:
    parameters = draft.parameters
    return Rendered(
        id=draft.id,
        method=draft.method,
        address=draft.address,
        app=one_line(draft.app),
        locale=language,
        subject=one_line(subject)[:_SUBJECT_LENGTH],
        text=text.strip(),
        html=html,
        spoken=spoken.strip(),
        code=parameters.code,
        link=parameters.link,
        links=parameters.links,
        created_at=draft.created_at,
    )


def _fill_file(name: str, values: Mapping[str, object]) -> str:
    return _letters().get_template(name).render(values)


@cache
def _letters() -> "ImmutableSandboxedEnvironment":
    from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        auto_reload=False,
    )
