"""Django imports this module before every other app's: shared tasks find their Celery app from then on.

From then on, too, `ModelAdmin[Activity]` means at run time what it means to the type checker.
"""

import django_stubs_ext

from config.celery import app

__all__ = ("app",)

django_stubs_ext.monkeypatch()
