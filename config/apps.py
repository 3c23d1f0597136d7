"""Django imports this module first of the app: shared tasks find their Celery app from then on."""

from config.celery import app

__all__ = ("app",)
