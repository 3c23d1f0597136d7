from django.contrib.auth.models import AnonymousUser

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.areas.models import Area


def may_see_outbox(user: User | AnonymousUser) -> bool:
    """Superusers and staff of a whole subdistrict: messages belong to residents, not to communities."""
    if not isinstance(user, User) or not user.is_active or not user.is_staff:
        return False
    return user.is_superuser or Area.objects.filter(parent=None, path__in=scope_for(user)).exists()
