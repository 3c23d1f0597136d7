from django.contrib import admin
from django.http import HttpRequest

from linlingtong.accounts.admin.scoped import scope_of
from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import is_whole
from linlingtong.audit import admin as audit
from linlingtong.audit.models import Change


@admin.register(Change)
class TrailAdmin(audit.TrailAdmin):
    """The trail of one's own areas; the subdistrict sees all of it."""

    def scope(self, request: HttpRequest) -> list[str] | None:
        scope = scope_of(request)
        return None if is_whole(scope) else scope

    def names(self, keys: set[int]) -> dict[int, str]:
        return {person.pk: str(person) for person in User.objects.filter(pk__in=keys).only("nickname")}
