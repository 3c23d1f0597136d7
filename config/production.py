"""What an installation for residents must not be started with; every sentence says what to do about it."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

ON, OFF = ("on", "true", "yes", "1"), ("off", "false", "no", "0")
SHORTEST_KEY, SHORTEST_TOKEN = 50, 20
SHOWS_CODES = {"ConsoleBackend", "FileBackend", "DeveloperInbox"}
KEEPS_LETTERS = ("consolemail", "filemail", "memorymail")


def is_on(env: environ.Env) -> bool:
    """Whether PRODUCTION is on; raises ImproperlyConfigured for what is neither on nor off, as a mistyped word."""
    text = env("PRODUCTION", default="").lower()
    if text not in {"", *ON, *OFF}:
        raise ImproperlyConfigured(f"PRODUCTION={text} is neither on nor off.")
    return text in ON


def refuse_unsafe(env: environ.Env) -> None:
    """Raises ImproperlyConfigured that names everything at once, so that nobody repairs one thing a start."""
    found = list(unsafe(env))
    if found:
        raise ImproperlyConfigured(
            "\n".join(["PRODUCTION is on, and this is not safe:", *(f"- {one}" for one in found)])
        )


def unsafe(env: environ.Env) -> Iterator[str]:
    """What is wrong, a sentence each."""
    yield from _keys(env)
    yield from _addresses(env)
    yield from _servers(env)
    yield from _channels(env)
    yield from _doors(env)


def _keys(env: environ.Env) -> Iterator[str]:
    advice = f"needs {SHORTEST_KEY} random characters of this installation's own: openssl rand -base64 48"
    if _is_weak(env("SECRET_KEY", default="")):
        yield f"SECRET_KEY {advice}"
    if any(map(_is_weak, env.list("SECRET_KEY_FALLBACKS", default=[]))):
        yield f"Each of SECRET_KEY_FALLBACKS {advice}"


def _is_weak(key: str) -> bool:
    return key.startswith("development-only") or len(key) < SHORTEST_KEY or len(set(key)) < 5


def _addresses(env: environ.Env) -> Iterator[str]:
    hosts, site = env.list("ALLOWED_HOSTS", default=[]), urlsplit(env("SITE_URL", default=""))
    if not hosts or "*" in hosts:
        yield "ALLOWED_HOSTS must name the hosts of this installation, without *."
    if site.scheme != "https" or not site.hostname:
        yield "SITE_URL must begin with https://, because it stands in every message to residents."
    elif hosts and site.hostname not in hosts and "*" not in hosts:
        yield f"ALLOWED_HOSTS must name {site.hostname}, the host of SITE_URL."
    if not all(origin.startswith("https://") for origin in env.list("CSRF_TRUSTED_ORIGINS", default=[])):
        yield "CSRF_TRUSTED_ORIGINS must begin with https://."
    proxies = env.list("TRUSTED_PROXIES", default=[])
    if not proxies or not all(map(_is_some_place, proxies)):
        yield (
            "TRUSTED_PROXIES must name the addresses or networks of the proxies in front: only they may say who calls"
            " and that the call came by https."
        )


def _is_some_place(text: str) -> bool:
    try:
        return ipaddress.ip_network(text, strict=False).prefixlen > 0
    except ValueError:
        return False


def _servers(env: environ.Env) -> Iterator[str]:
    for name, server in (("DATABASE_URL", "PostgreSQL"), ("REDIS_URL", "Valkey")):
        if not env(name, default=""):
            yield f"{name} must name a {server} server; those beside the code are for development."


def _channels(env: environ.Env) -> Iterator[str]:
    backend = env("SMS_BACKEND", default="")
    if not backend:
        yield "SMS_BACKEND must name a gateway: residents sign in with a code by SMS."
    elif backend.rpartition(".")[2] in SHOWS_CODES:
        yield f"SMS_BACKEND={backend} shows sign-in codes instead of sending them."
    if env.bool("DEVELOPER_INBOX", False):
        yield "DEVELOPER_INBOX must be off: it shows sign-in codes to everybody."
    if env("EMAIL_URL", default="").startswith(KEEPS_LETTERS):
        yield "EMAIL_URL must name a mail server, or nothing: this one writes letters into the log or to the disk."


def _doors(env: environ.Env) -> Iterator[str]:
    if env.bool("DEBUG", False):
        yield "DEBUG must be off: its error pages show settings and rows."
    if env("LOG_LEVEL", default="").upper() == "DEBUG":
        yield "LOG_LEVEL must not be DEBUG: libraries log what they carry, phone numbers too."
    if not env.bool("STAFF_TOTP", True):
        yield "STAFF_TOTP must be on: an SMS alone does not open the data of a whole town."
    if env.int("STAFF_IDLE_MINUTES", 30) < 1:
        yield "STAFF_IDLE_MINUTES must not be 0: a forgotten screen of staff has to close."
    if 0 < len(env("METRICS_TOKEN", default="")) < SHORTEST_TOKEN:
        yield f"METRICS_TOKEN needs at least {SHORTEST_TOKEN} random characters; without one /metrics stays closed."
