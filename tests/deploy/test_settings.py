"""An installation for residents refuses to start unsafe and says what to do; a safe one has nothing to say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured

from config import production
from tests.deploy import compose
from tests.deploy.compose import ROOT

KEY = "made-up-k8rPqL2vXz5wYt7uBn3mCj6hGf9dSa1eQo4iKl0pMxRbTcVw"
SAFE = {
    "SECRET_KEY": KEY,
    "SITE_URL": "https://llt.example.org",
    "ALLOWED_HOSTS": "llt.example.org,www.llt.example.org",
    "CSRF_TRUSTED_ORIGINS": "https://www.llt.example.org",
    "TRUSTED_PROXIES": "172.16.0.0/12,203.0.113.9",
    "DATABASE_URL": "postgres://linlingtong:secret@postgres:5432/linlingtong",
    "REDIS_URL": "redis://:secret@valkey:6379/0",
    "SMS_BACKEND": "linlingtong.delivery.sms.AliyunBackend",
    "SMS_ACCESS_KEY": "somebody",
    "SMS_ACCESS_SECRET": "something",
    "SMS_TEMPLATES": '{"code": "SMS_1", "notice": "SMS_2"}',
    "METRICS_TOKEN": "twenty-random-letters-or-more",
}
# name, value, what the refusal speaks of
UNSAFE = [
    ("SECRET_KEY", "", "SECRET_KEY needs 50 random characters"),
    ("SECRET_KEY", "development-only-key-that-production-refuses-to-start-with", "SECRET_KEY needs 50"),
    ("SECRET_KEY", "short", "SECRET_KEY needs 50"),
    ("SECRET_KEY", "ab" * 30, "SECRET_KEY needs 50"),
    ("SECRET_KEY_FALLBACKS", f"{KEY},short", "Each of SECRET_KEY_FALLBACKS"),
    ("ALLOWED_HOSTS", "", "ALLOWED_HOSTS must name the hosts"),
    ("ALLOWED_HOSTS", "llt.example.org,*", "ALLOWED_HOSTS must name the hosts"),
    ("ALLOWED_HOSTS", "other.example.org", "ALLOWED_HOSTS must name llt.example.org"),
    ("SITE_URL", "", "SITE_URL must begin with https"),
    ("SITE_URL", "http://llt.example.org", "SITE_URL must begin with https"),
    ("CSRF_TRUSTED_ORIGINS", "https://a.example.org,http://b.example.org", "CSRF_TRUSTED_ORIGINS must begin"),
    ("TRUSTED_PROXIES", "", "TRUSTED_PROXIES must name"),
    ("TRUSTED_PROXIES", "*", "TRUSTED_PROXIES must name"),
    ("TRUSTED_PROXIES", "0.0.0.0/0", "TRUSTED_PROXIES must name"),
    ("DATABASE_URL", "", "DATABASE_URL must name a PostgreSQL server"),
    ("REDIS_URL", "", "REDIS_URL must name a Valkey server"),
    ("SMS_BACKEND", "", "SMS_BACKEND must name a gateway"),
    ("SMS_BACKEND", "linlingtong.delivery.sms.DeveloperInbox", "shows sign-in codes"),
    ("SMS_BACKEND", "linlingtong.delivery.sms.ConsoleBackend", "shows sign-in codes"),
    ("DEVELOPER_INBOX", "on", "DEVELOPER_INBOX must be off"),
    ("EMAIL_URL", "consolemail://", "EMAIL_URL must name a mail server"),
    ("DEBUG", "on", "DEBUG must be off"),
    ("LOG_LEVEL", "debug", "LOG_LEVEL must not be DEBUG"),
    ("STAFF_TOTP", "off", "STAFF_TOTP must be on"),
    ("STAFF_IDLE_MINUTES", "0", "STAFF_IDLE_MINUTES must not be 0"),
    ("METRICS_TOKEN", "short", "METRICS_TOKEN needs at least 20"),
]


def given(**values: str) -> environ.Env:
    class Given(environ.Env):  # type: ignore[misc]
        ENVIRON = values

    return Given()


def manage(*command: str, **values: str) -> "subprocess.CompletedProcess[str]":
    """A command as in the image: nothing but these values around it."""
    bare = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT, env=bare | values, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_safe_installation_starts() -> None:
    assert list(production.unsafe(given(**SAFE))) == []
    assert list(production.unsafe(given(**SAFE, SECRET_KEY_FALLBACKS=KEY[::-1]))) == []


@pytest.mark.parametrize(("name", "value", "sentence"), UNSAFE)
def test_an_unsafe_value_is_refused_with_one_clear_sentence(name: str, value: str, sentence: str) -> None:
    (refusal,) = production.unsafe(given(**SAFE | {name: value}))
    assert refusal.startswith(sentence) or sentence in refusal
    assert refusal[-1] == "." or ": " in refusal


def test_everything_that_is_wrong_is_said_at_once() -> None:
    done = manage("check", PRODUCTION="on")
    assert done.returncode == 1
    names = ("SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "TRUSTED_PROXIES", "DATABASE_URL", "REDIS_URL", "SMS_BACKEND")
    said = done.stderr.partition("this is not safe:")[2]
    assert [name for name in names if f"- {name}" not in said] == []


@pytest.mark.parametrize("text", ["onn", "on   # a comment behind it", "maybe"])
def test_a_mistyped_switch_does_not_mean_off(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="neither on nor off"):
        production.is_on(given(PRODUCTION=text))


def test_the_switch_knows_both_words() -> None:
    assert [production.is_on(given(PRODUCTION=text)) for text in ("on", "True", "1", "off", "no", "")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    assert not production.is_on(given())


def test_django_has_nothing_to_warn_of() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", PRODUCTION="on", **SAFE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


def test_django_would_warn() -> None:
    """The control: the same check outside production."""
    done = manage("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 1
    assert "security.W" in done.stderr


def test_the_servers_beside_the_code_are_never_started_in_production() -> None:
    """They are not in the image; who names none is told so, and does not wait for them."""
    without = {name: value for name, value in SAFE.items() if name != "DATABASE_URL"}
    done = manage("migrate", PRODUCTION="on", **without)
    assert done.returncode == 1
    assert "DATABASE_URL must name" in done.stderr


# --- .env.example

EXAMPLE = (ROOT / ".env.example").read_text()
DOCUMENTED = re.findall(r"^# ([A-Z][A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE)
# of the machine, of processes among themselves, of tests and of containers: nobody sets them in .env
INTERNAL = {
    "LINLINGTONG_PROCESS", "DJANGO_SETTINGS_MODULE", "TEST_DB", "POSTGRES_INITDB_ARGS", "PRIMARY_HOST",
    "VALKEYCLI_AUTH",
}  # fmt: skip
READ = re.compile(r'(?:env(?:\.\w+)?\(|environ\.get\(|environ\[|_port\()\s*"([A-Z][A-Z_]+)"')


def read_by_the_code() -> set[str]:
    files = [*(ROOT / "config").rglob("*.py"), *(ROOT / "linlingtong").rglob("*.py")]
    return {name for path in files for name in READ.findall(path.read_text())}


def test_every_setting_is_documented_once() -> None:
    names = [name for name, _value in DOCUMENTED]
    assert sorted(names) == sorted(set(names))
    used = read_by_the_code() | compose.names()
    assert used - INTERNAL - set(names) == set(), "not in .env.example"
    assert set(names) - used == set(), "read by nobody"


def test_what_containers_are_given_is_documented() -> None:
    services = compose.services({"POSTGRES_PASSWORD": "x", "VALKEY_PASSWORD": "x"})
    names = {name for service in services.values() for name in service.get("environment", {})}
    assert names - INTERNAL <= {name for name, _value in DOCUMENTED}


def test_a_comment_never_becomes_part_of_a_value() -> None:
    assert [name for name, value in DOCUMENTED if "#" in value] == []


def test_the_example_can_be_filled_in(tmp_path: Path) -> None:
    """With every # taken away it reads as it stands, and only what everybody must choose is missing."""
    file = tmp_path / ".env"
    file.write_text(re.sub(r"^# ([A-Z][A-Z_]+=)", r"\1", EXAMPLE, flags=re.MULTILINE))
    values = given()
    values.read_env(file)
    read = values.ENVIRON
    assert {name: read[name] for name, _value in DOCUMENTED} == dict(DOCUMENTED)
    filled = {**read, **{name: value for name, value in SAFE.items() if not read.get(name)}, "DEVELOPER_INBOX": "off"}
    done = manage("check", **filled | {"IMAGE": "", "MODERATION_CHECKER": ""})
    assert done.returncode == 0, done.stderr[-2000:]
