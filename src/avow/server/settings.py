"""The settings of one server process: one frozen object, built once, passed explicitly.

Policy that differs per project is data (`wire.projects.ProjectSettings`), not a setting.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Literal
from urllib.parse import urlsplit

__all__ = ["DEFAULT_DATABASE_URL", "Settings", "SettingsRefused", "from_environment", "misspelt"]

DEFAULT_DATABASE_URL = "sqlite:///avow.sqlite3"

Network = IPv4Network | IPv6Network

_ALMOST = 0.9  # `AVOW_SMPT_HOST` is almost `AVOW_SMTP_HOST`; `AVOW_BASE_URL`, of the SDK, is not `AVOW_DATABASE_URL`


class SettingsRefused(Exception):
    """The server cannot start with these settings; the text says what to set."""


# A dataclass field stands for a value of its annotated type, which only `Any` can say.
def _setting(default: object, about: str, *, parse: Callable[[str], Any] = str, low: int = 0, high: int = 0) -> Any:  # noqa: ANN401
    """Declare one setting: default, sentence for the manual, parser and, of numbers, the range."""
    return field(default=default, metadata={"about": about, "parse": parse, "low": low, "high": high})


# As `_setting`.
def _number(default: int, low: int, high: int, about: str) -> Any:  # noqa: ANN401
    return _setting(default, about, parse=int, low=low, high=high)


def _switch(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("use true or false")


def _texts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(part) for part in _texts(text))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a server process is told from outside; `AVOW_` and the upper-case name is the variable."""

    database_url: str = _setting(
        DEFAULT_DATABASE_URL,
        "Where the data lives: `sqlite:///path` (one machine) or `postgresql://...`, with `?schema=avow` in a schema "
        "of its own.",
    )
    valkey_url: str = _setting("", "Valkey or Redis for rate limits across nodes; without it the database counts.")
    public_url: str = _setting(
        "http://localhost:8000", "The address people and applications use; links in messages begin with it."
    )
    secret_key: str = field(
        default="",
        repr=False,
        metadata={
            "about": "The secret that MACs codes and seals keys: 32 characters or more (`openssl rand -base64 48`).",
            "parse": str,
            "low": 0,
            "high": 0,
        },
    )
    previous_secret_keys: tuple[str, ...] = field(
        default=(),
        repr=False,
        metadata={
            "about": "Earlier secret keys, comma-separated: they open what they sealed and know their management keys.",
            "parse": _texts,
            "low": 0,
            "high": 0,
        },
    )
    trusted_proxies: tuple[Network, ...] = _setting(
        (), "Networks whose X-Forwarded-For is believed, comma-separated (`10.0.0.0/8`).", parse=_networks
    )
    body_bytes: int = _number(262_144, 1024, 64 * 1024 * 1024, "Largest request body.")
    header_bytes: int = _number(32_768, 4096, 1_048_576, "Largest sum of request headers.")
    header_count: int = _number(100, 10, 1000, "Most request headers.")
    head_seconds: int = _number(15, 1, 60, "Longest a client may take over address and headers of a request.")
    requests_at_once: int = _number(
        1000, 10, 100_000, "Requests in progress per process; more answer 503 at once, but for probes and key sets."
    )
    request_seconds: int = _number(30, 1, 600, "Longest a request may take.")
    drain_seconds: int = _number(20, 1, 30, "How long a stopping server finishes what it has accepted.")
    notice_seconds: int = _number(
        1, 0, 20, "How long a stopping server says so on `/readyz` before it stops to accept; part of the draining."
    )
    pool_size: int = _number(8, 1, 200, "Connections to PostgreSQL per process.")
    waiting_units: int = _number(2000, 10, 1_000_000, "Units of database work that may wait; more answer 503.")
    hash_threads: int = _number(1, 1, 128, "Threads of a process for slow hashes; each takes a core.")
    smtp_host: str = _setting("", "Mail server; without one, e-mail cannot be sent.")
    smtp_port: int = _number(587, 1, 65535, "Port of the mail server.")
    smtp_user: str = _setting("", "User at the mail server.")
    smtp_password: str = field(
        default="",
        repr=False,
        metadata={"about": "Password at the mail server.", "parse": str, "low": 0, "high": 0},
    )
    smtp_security: Literal["starttls", "tls", "none"] = _setting(
        "starttls", "`starttls`, `tls` or `none` (only towards localhost)."
    )
    mail_from: str = _setting("", "Sender of mails, `Avow <no-reply@example.com>`.")
    sms_url: str = _setting("", "HTTP gateway for SMS, voice and WhatsApp (Twilio's shape).")
    sms_account: str = _setting("", "Account at the gateway.")
    sms_token: str = field(
        default="",
        repr=False,
        metadata={"about": "Secret at the gateway.", "parse": str, "low": 0, "high": 0},
    )
    sms_from: str = _setting("", "Sender number of SMS and calls.")
    whatsapp_from: str = _setting("", "Sender number of WhatsApp messages; the SMS one when empty.")
    callable_networks: tuple[Network, ...] = _setting(
        (),
        "Networks that webhooks may lead to and identity providers be in, besides the public ones, comma-separated"
        " (`10.0.0.0/8`); with any, by http there as well.",
        parse=_networks,
    )
    metrics_networks: tuple[Network, ...] = _setting(
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        "Networks that may read `/metrics`, comma-separated; never through a proxy.",
        parse=_networks,
    )
    breached_passwords: str = _setting(
        "",
        "Where passwords known from breaches are looked up when one is chosen: a range service of which only the first "
        "five characters of a hash are asked (`https://api.pwnedpasswords.com/range/`), or a file with lines "
        "`SHA1:count` in order; empty for the built-in list of common ones alone.",
    )
    log_level: str = _setting("info", "`debug`, `info`, `warning` or `error`.")
    is_development: bool = _setting(False, "Set by `avow dev` only.", parse=_switch)

    @property
    def is_https(self) -> bool:
        """Tell whether people reach the server over TLS (cookies are Secure then, and on localhost)."""
        return self.public_url.startswith("https://")

    @property
    def public_path(self) -> str:
        """Return the path of the public address, "" unless the server is mounted below another application's."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def public_origin(self) -> str:
        """Return scheme, host and port of the public address."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"


def from_environment(environment: Mapping[str, str], *, is_development: bool = False) -> Settings:
    """Build the settings from variables named `AVOW_...`.

    Raises:
        SettingsRefused: A value is malformed, out of range or unsafe; every finding is named.
    """
    values: dict[str, Any] = {"is_development": is_development}
    findings: list[str] = []
    for each in fields(Settings):
        name = f"AVOW_{each.name.upper()}"
        if each.name != "is_development" and name in environment:
            _read(name, environment[name], each.metadata, each.name, values, findings)
    settings = Settings(**values)
    findings += _unsafe(settings)
    if findings:
        raise SettingsRefused("\n".join(findings))
    return settings


def misspelt(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable that is almost a setting: it has no effect, and nobody would notice.

    Other names that begin with `AVOW_` are those of the SDK, of Django and of the applications themselves.
    """
    from difflib import get_close_matches  # only who serves asks

    names = [f"AVOW_{each.name.upper()}" for each in fields(Settings)]
    meant = {
        each: get_close_matches(each, names, n=1, cutoff=_ALMOST)
        for each in sorted(environment)
        if each.startswith("AVOW_") and each not in names
    }
    return [f"{each} is no setting and has no effect; is {near[0]} meant?" for each, near in meant.items() if near]


def _read(
    variable: str,
    text: str,
    about: Mapping[str, Any],
    name: str,
    values: dict[str, Any],
    findings: list[str],
) -> None:
    try:
        value = about["parse"](text)
    except ValueError as wrong:
        findings.append(f"{variable} cannot be read: {wrong}.")
        return
    if about["high"] and not about["low"] <= value <= about["high"]:
        findings.append(f"{variable} must lie between {about['low']} and {about['high']}.")
        return
    values[name] = value


def _unsafe(settings: Settings) -> list[str]:
    """Return a sentence for each value that must not be served with."""
    findings = []
    url = urlsplit(settings.public_url)
    is_local = url.hostname in {"localhost", "127.0.0.1", "::1"}
    if url.scheme not in {"http", "https"} or not url.hostname or url.query or url.fragment:
        findings.append("AVOW_PUBLIC_URL must be an absolute http or https URL such as https://auth.example.com.")
    elif url.scheme == "http" and not is_local:
        findings.append("AVOW_PUBLIC_URL must begin with https:// (plain http is for localhost only).")
    if len(settings.secret_key) < 32:
        findings.append(
            "AVOW_SECRET_KEY must be set to at least 32 random characters; make one with: openssl rand -base64 48"
        )
    if settings.smtp_security not in {"starttls", "tls", "none"}:
        findings.append("AVOW_SMTP_SECURITY must be starttls, tls or none.")
    elif settings.smtp_security == "none" and settings.smtp_host not in {"", "localhost", "127.0.0.1", "::1"}:
        findings.append("AVOW_SMTP_SECURITY must not be none towards another machine; use starttls or tls.")
    if settings.smtp_host and not settings.mail_from:
        findings.append("AVOW_MAIL_FROM must name the sender, such as: Avow <no-reply@example.com>")
    if settings.sms_url and not settings.sms_url.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        findings.append("AVOW_SMS_URL must begin with https:// (plain http is for localhost only).")
    if "://" in settings.breached_passwords and not settings.breached_passwords.startswith(
        ("https://", "http://localhost", "http://127.0.0.1")
    ):
        findings.append("AVOW_BREACHED_PASSWORDS must begin with https:// (plain http is for localhost only).")
    if settings.log_level not in {"debug", "info", "warning", "error"}:
        findings.append("AVOW_LOG_LEVEL must be debug, info, warning or error.")
    return findings
