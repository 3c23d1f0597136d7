"""Django's admin under our own site; apart from `config.apps`, which would otherwise see two configurations."""

from django.contrib.admin.apps import AdminConfig


class BackOfficeConfig(AdminConfig):
    default_site = "config.admin.BackOffice"
