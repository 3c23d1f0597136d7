"""One file, read from the environment, safe local defaults. `.env.example` lists what can be set."""

import datetime as dt
import logging
import os
from pathlib import Path
from typing import Any

import environ
import pghistory
from csp.constants import NONE, SELF

from config import databases, embedded, logs, production, rest

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

PRODUCTION = production.is_on(env)
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env("SECRET_KEY", default="development-only-key-that-production-refuses-to-start-with")
# Older keys: what they signed stays valid while a new one takes over; see docs/operations.md.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Addresses and networks of the proxies in front; whoever else claims to speak for somebody is not believed.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
SITE_URL = env("SITE_URL", default=f"http://localhost:{env('PORT', default='8000')}")
# Serves the pages? Only such a process keeps a pool: Celery closes its connection after each task.
IS_WEB = os.environ.get("LINLINGTONG_PROCESS") == "web"

if PRODUCTION:
    production.refuse_unsafe(env)

INSTALLED_APPS = [
    "config",
    "linlingtong.core",
    "linlingtong.delivery",
    "linlingtong.audit",
    "linlingtong.areas",
    "linlingtong.accounts",
    "linlingtong.notifications",
    "linlingtong.photos",
    "linlingtong.moderation",
    "linlingtong.volunteering",
    "linlingtong.activities",
    "linlingtong.likes",
    "linlingtong.mutual_aid",
    "linlingtong.toolbox",
    "linlingtong.venues",
    "linlingtong.tickets",
    "linlingtong.home",
    "config.back_office.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pghistory",
    "pgtrigger",
    "rest_framework",
]

MIDDLEWARE = [
    "linlingtong.home.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "linlingtong.core.middleware.RequestLogMiddleware",
    "linlingtong.core.replica.ReplicaMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "linlingtong.accounts.middleware.LanguageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "linlingtong.accounts.staff_session.StaffSessionMiddleware",
    "linlingtong.accounts.staff_session.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "linlingtong.core.middleware.ProblemMiddleware",
    "linlingtong.audit.middleware.AuditMiddleware",
    "linlingtong.accounts.middleware.ScopeMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "linlingtong.accounts.context.display",
                "linlingtong.home.context.navigation",
                "linlingtong.notifications.context.unread",
            ],
        },
    }
]

DATABASES = databases.configured(env, is_web=IS_WEB)
DATABASE_ROUTERS = ["linlingtong.core.replica.Router"] if "replica" in DATABASES else []
# The replica answers only while it lacks nothing older than this; so long the primary answers who wrote something.
REPLICA_LAG_SECONDS = env.int("REPLICA_LAG_SECONDS", 3)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Valkey: cache, throttles and the broker. Losing it loses nothing but speed.
REDIS_URL = env("REDIS_URL", default="") or embedded.redis_url()
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "llt",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    },
    # Of one process only, for what may differ between processes for a moment.
    "process": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 500},
    },
    # What the tag {% cache %} keeps; its name is Django's.
    "template_fragments": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "fragments",
        "OPTIONS": {"MAX_ENTRIES": 2000},
    },
}
# So old may be what the API answers to callers it does not know.
PUBLIC_ANSWER_SECONDS = env.int("PUBLIC_ANSWER_SECONDS", 2)
CELERY_BROKER_URL = env("REDIS_URL", default="") or embedded.broker_url()
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 5}
CELERY_TASK_SOFT_TIME_LIMIT = 50
CELERY_TASK_TIME_LIMIT = 60
# One static schedule; every job is an idempotent sweep that locks itself, so two beats do no harm.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "minute": {"task": "linlingtong.home.tasks.every_minute", "schedule": 20.0, "options": {"expires": 20}},
    "imports": {"task": "linlingtong.activities.tasks.carry_on_imports", "schedule": 5.0, "options": {"expires": 5}},
    "photos": {"task": "linlingtong.photos.tasks.prepare_photos", "schedule": 5.0, "options": {"expires": 5}},
}

SESSION_ENGINE = "linlingtong.accounts.knowing"
SESSION_COOKIE_AGE = int(dt.timedelta(days=90).total_seconds())
SESSION_COOKIE_SAMESITE = "Lax"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "linlingtong.accounts.knowing.KnownPerson",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# History keeps what was deleted too.
PGHISTORY_DEFAULT_TRACKERS = (pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())

# Sign-in by phone code (django-allauth); the adapter keeps codes, limits and texts.
ACCOUNT_ADAPTER = "linlingtong.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"phone"}
ACCOUNT_SIGNUP_FIELDS = ["phone*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 300
ACCOUNT_PHONE_VERIFICATION_ENABLED = True
ACCOUNT_PHONE_VERIFICATION_MAX_ATTEMPTS = 5
ACCOUNT_PHONE_VERIFICATION_TIMEOUT = 300
ACCOUNT_PREVENT_ENUMERATION = True
# The adapter counts codes by phone in PostgreSQL; limits by address would lock out a dormitory.
ACCOUNT_RATE_LIMITS = False
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "dashed": False, "length": 6}
# The second factor of staff; a clock may be half a minute wrong.
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "临灵通"
MFA_TOTP_TOLERANCE = 1
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "linlingtong.accounts.authentication.Tokens"  # noqa: S105 - a path
HEADLESS_FRONTEND_URLS = {"account_signup": "/login/"}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
# Elsewhere the files are served from where they lie.
STATIC_ROOT = BASE_DIR / "var" / "static" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(env("MEDIA_ROOT", default="") or BASE_DIR / "var" / "media")
WHITENOISE_USE_FINDERS = not PRODUCTION
# Hashed names are kept for ever by browsers, and there are no others in production.
WHITENOISE_KEEP_ONLY_HASHED_FILES = PRODUCTION
WHITENOISE_MAX_AGE = 60
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

REST_FRAMEWORK = rest.FRAMEWORK
SPECTACULAR_SETTINGS = rest.SCHEMA

# Without a mail server letters fail in production, and elsewhere they are printed.
EMAIL_CONFIG = env.email_url_config(env("EMAIL_URL", default="") or ("smtp://" if PRODUCTION else "consolemail://"))
EMAIL_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL_CONFIG.get("EMAIL_HOST") or ""
EMAIL_PORT = EMAIL_CONFIG.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = EMAIL_CONFIG.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = EMAIL_CONFIG.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = EMAIL_CONFIG.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL_CONFIG.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="临灵通 <no-reply@example.org>")

DEVELOPER_INBOX = not PRODUCTION and env.bool("DEVELOPER_INBOX", True)
SMS_BACKEND = env("SMS_BACKEND", default="linlingtong.delivery.sms.DeveloperInbox" if DEVELOPER_INBOX else "")
SMS_ENDPOINT = env("SMS_ENDPOINT", default="")
SMS_ACCESS_KEY = env("SMS_ACCESS_KEY", default="")
SMS_ACCESS_SECRET = env("SMS_ACCESS_SECRET", default="")
SMS_SIGN_NAME = env("SMS_SIGN_NAME", default="临灵通")
SMS_APP_ID = env("SMS_APP_ID", default="")
SMS_REGION = env("SMS_REGION", default="")
SMS_TEMPLATES = env.json("SMS_TEMPLATES", default={})
SMS_PARAM_LIMIT = env.int("SMS_PARAM_LIMIT", 35)
SMS_CONNECT_TIMEOUT = env.float("SMS_CONNECT_TIMEOUT", 3)
SMS_READ_TIMEOUT = env.float("SMS_READ_TIMEOUT", 5)
SMS_TOTAL_TIMEOUT = env.float("SMS_TOTAL_TIMEOUT", 10)
SMS_FILE_DIRECTORY = env("SMS_FILE_DIRECTORY", default="") or str(BASE_DIR / "var" / "sms")

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    # Whether a call came by https is decided in config/wsgi.py, which listens to TRUSTED_PROXIES only.
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_HANDLERS = [
    "linlingtong.photos.limits.WholeCall",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Calls of the API: writes by one person, reads from one address (a dormitory of thousands shares one).
API_WRITES_PER_MINUTE = env.int("API_WRITES_PER_MINUTE", 120)
API_READS_PER_MINUTE = env.int("API_READS_PER_MINUTE", 600_000)

# Rules of the house that a subdistrict may set for itself.
TERMS_VERSION = "2026-11"
# Whether an app must say which version of the texts somebody agreed to who joins; see docs/decisions/.
SIGN_UP_STATES_TERMS = env.bool("SIGN_UP_STATES_TERMS", PRODUCTION)
SIGN_IN_CODES_PER_PHONE_AN_HOUR = env.int("SIGN_IN_CODES_PER_PHONE_AN_HOUR", 5)
SIGN_IN_CODES_PER_PHONE_A_DAY = env.int("SIGN_IN_CODES_PER_PHONE_A_DAY", 15)
# The admin closes after so long without a call; 0 keeps it open.
STAFF_IDLE_MINUTES = env.int("STAFF_IDLE_MINUTES", 30 if PRODUCTION else 0)
# Staff pages ask for a code of an authenticator app, once in each session.
STAFF_TOTP = env.bool("STAFF_TOTP", PRODUCTION)
# High, because a whole dormitory sits behind one address.
SIGN_IN_CODES_PER_ADDRESS_AN_HOUR = env.int("SIGN_IN_CODES_PER_ADDRESS_AN_HOUR", 1000)
OFFER_HOURS = env.int("OFFER_HOURS", 12)
OFFER_MINUTES_AT_LEAST = env.int("OFFER_MINUTES_AT_LEAST", 30)
CONFIRM_AT_ONCE_HOURS = env.int("CONFIRM_AT_ONCE_HOURS", 24)
NO_PROMOTION_HOURS = env.int("NO_PROMOTION_HOURS", 2)
PARTY_PASSES = env.int("PARTY_PASSES", 2)
# 0: nothing follows when somebody keeps a place and does not come; else the days until the next registration.
NO_SHOW_DELAY_DAYS = env.int("NO_SHOW_DELAY_DAYS", 0)
CHANGE_NOTICE_MINUTES = env.int("CHANGE_NOTICE_MINUTES", 10)
# Minutes of help between neighbours that the ledger takes from one person: of one post, and of one day.
HELP_MINUTES_A_POST = env.int("HELP_MINUTES_A_POST", 480)
HELP_MINUTES_A_DAY = env.int("HELP_MINUTES_A_DAY", 480)
PHOTOS_A_DAY = env.int("PHOTOS_A_DAY", 100)
# So many first posts of a new neighbour wait for a look; so many neighbours who report something hide it.
MODERATION_NEWCOMER_POSTS = env.int("MODERATION_NEWCOMER_POSTS", 3)
MODERATION_REPORTS_TO_HIDE = env.int("MODERATION_REPORTS_TO_HIDE", 3)
MODERATION_REPORTS_A_DAY = env.int("MODERATION_REPORTS_A_DAY", 20)
# A check by somebody else's machine: a class with `check(text) -> bool`; none by default.
MODERATION_CHECKER = env("MODERATION_CHECKER", default="")
MODERATION_CHECKER_URL = env("MODERATION_CHECKER_URL", default="")
VENUE_STRIKES = env.int("VENUE_STRIKES", 3)
VENUE_STRIKE_DAYS = env.int("VENUE_STRIKE_DAYS", 60)
VENUE_PAUSE_DAYS = env.int("VENUE_PAUSE_DAYS", 30)
TICKETS_A_DAY = env.int("TICKETS_A_DAY", 10)
TICKET_REOPEN_DAYS = env.int("TICKET_REOPEN_DAYS", 7)
OFFICE_OPENS = dt.time.fromisoformat(env("OFFICE_OPENS", default="08:30"))
OFFICE_CLOSES = dt.time.fromisoformat(env("OFFICE_CLOSES", default="17:30"))
REMIND_DAY_HOURS = env.int("REMIND_DAY_HOURS", 24)
REMIND_SOON_HOURS = env.int("REMIND_SOON_HOURS", 2)

# How many texts leave at once when a gateway is slow, and how long a missing receipt is no proof yet.
SENDING_THREADS = env.int("SENDING_THREADS", 8)
RECEIPT_MINUTES = env.int("RECEIPT_MINUTES", 5)
# With a token /metrics answers its bearer only; without one it is closed to everybody in production.
METRICS_TOKEN = env("METRICS_TOKEN", default="")

LOGGING = logs.configure(env("LOG_LEVEL", default="WARNING"))
# Addresses are personal, and working them out costs more than the rest of the line.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
# A refusal is an answer, not a fault: in a rush it would be most of the log.
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
