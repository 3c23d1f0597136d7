from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _

from linlingtong.delivery import checks


class DeliveryConfig(AppConfig):
    name = "linlingtong.delivery"
    verbose_name = _("Delivery")

    def ready(self) -> None:
        register(checks.residents_can_be_reached, Tags.security, deploy=True)
