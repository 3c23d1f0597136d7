"""Every line of the log is one JSON object on stderr, without phone numbers, addresses and rows."""

import re
from typing import Any

import structlog

PHONE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d{9}(?!\d)")
MAILBOX = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# PostgreSQL quotes the values of a refused row there.
DETAIL = re.compile(r'(DETAIL: |Failing row contains)(?:(?!\\n|(?<!\\)").)*')


def configure(level: str) -> dict[str, Any]:
    """Set structlog up and answer Django's LOGGING."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.stdlib.add_log_level,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"events": {"()": formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "events"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.request": {"level": "ERROR"},
            # that there is no .env is no news in a container
            "environ": {"level": "WARNING"},
            # a line for every tick would be most of the log
            "celery.beat": {"level": "WARNING"},
            "celery.worker": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "django_structlog.celery": {"level": "WARNING"},
        },
    }


def formatter(**_unused: Any) -> structlog.stdlib.ProcessorFormatter:
    """For whoever logs without structlog too; config/granian.json names it."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
            _without_persons,
        ],
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.format_exc_info,
        ],
    )


def _without_persons(_logger: Any, _level: str, line: Any) -> str:
    """The last wall, for texts of libraries and databases that nobody here has worded."""
    return MAILBOX.sub("[email]", PHONE.sub("[phone]", DETAIL.sub(r"\1 [left out]", str(line))))
