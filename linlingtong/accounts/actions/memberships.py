import datetime as dt

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import Membership, User
from linlingtong.accounts.permissions import may_confirm, may_confirm_home
from linlingtong.areas.models import Organization
from linlingtong.audit.actions import acting
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import today
from linlingtong.core.turns import in_turn, take_turn

MOST = 5


class AlreadyMember(Refusal):
    """The membership is there, confirmed or not."""

    code = "already_member"
    message = _("You are in this list already.")


class TooManyMemberships(Refusal):
    """Nobody works for that many companies: leave one first."""

    code = "too_many_memberships"
    message = _("You can belong to %(most)d at the same time. Leave one first.")


class MembershipEnded(Refusal):
    """What has ended can be neither left nor confirmed."""

    code = "membership_ended"
    message = _("This membership has ended.")


@in_turn
def join_organization(organization_id: int, resident: User, *, by: User) -> Membership:
    """The resident says that they belong there from today; staff confirm it later.

    Raises Organization.DoesNotExist, AlreadyMember or TooManyMemberships.
    """
    if by.pk != resident.pk:
        raise PermissionDenied
    organization = Organization.objects.active().get(pk=organization_id)
    take_turn("memberships", resident.pk)
    current = set(Membership.objects.filter(user=resident).current().values_list("organization", flat=True))
    if organization.pk in current:
        raise AlreadyMember
    if len(current) >= MOST:
        raise TooManyMemberships(most=MOST)
    return Membership.objects.create(user=resident, organization=organization)


@in_turn
def leave_organization(membership_id: int, resident: User, *, by: User) -> None:
    """From today the resident does not belong there any more; a membership of this very day leaves no trace.

    Raises Membership.DoesNotExist for somebody else's, MembershipEnded.
    """
    if by.pk != resident.pk:
        raise PermissionDenied
    membership = Membership.objects.select_for_update(no_key=True).get(pk=membership_id, user=resident)
    if membership.ends_on is not None and membership.ends_on < today():
        raise MembershipEnded
    if membership.starts_on >= today():
        membership.delete()
        return
    membership.ends_on = today() - dt.timedelta(days=1)
    membership.save(update_fields=["ends_on"])


@in_turn
def confirm_membership(membership_id: int, *, by: User) -> Membership:
    """Somebody who works there for the area has checked that it is true. A second confirmation changes nothing.

    Raises PermissionDenied outside one's areas, MembershipEnded.
    """
    found = Membership.objects.select_related("organization__area").select_for_update(of=("self",), no_key=True)
    membership: Membership = found.get(pk=membership_id)
    if not may_confirm(by, membership):
        raise PermissionDenied
    if membership.ends_on is not None and membership.ends_on < today():
        raise MembershipEnded
    if membership.confirmed_at is None:
        membership.confirmed_at, membership.confirmed_by = timezone.now(), by
        with acting(by, "confirm_membership"):
            membership.save(update_fields=["confirmed_at", "confirmed_by"])
    return membership


@in_turn
def confirm_home(user_id: int, *, by: User) -> User:
    """Somebody who works for the area has checked that the resident lives there. Twice changes nothing.

    Raises PermissionDenied outside one's areas.
    """
    people = User.objects.select_for_update(of=("self",), no_key=True).select_related("home_area")
    resident: User = people.get(pk=user_id)
    if not may_confirm_home(by, resident):
        raise PermissionDenied
    if resident.home_confirmed_at is None:
        resident.home_confirmed_at = timezone.now()
        resident.save(update_fields=["home_confirmed_at"])
    return resident
