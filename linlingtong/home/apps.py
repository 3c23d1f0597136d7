from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class HomeConfig(AppConfig):
    name = "linlingtong.home"
    verbose_name = _("Home")

    def ready(self) -> None:
        autodiscover_modules("boards")
