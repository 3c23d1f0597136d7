from django.contrib.auth.models import AnonymousUser

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import is_whole, scope_for


def may_see_outbox(user: User | AnonymousUser) -> bool:
    """Superusers and staff of a whole subdistrict: messages belong to residents, not to communities."""
    return is_whole(scope_for(user))
