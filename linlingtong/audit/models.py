import pghistory.models
from django.utils.translation import gettext_lazy as _


class Change(pghistory.models.Context):
    """What one verb or one request changed. Only its name is used here: the rows themselves are told by `trail`."""

    class Meta:
        proxy = True
        verbose_name = _("change")
        verbose_name_plural = _("changes")

    def __str__(self) -> str:
        return str(self.pk)
