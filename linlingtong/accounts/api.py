import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.actions import HOMES, UnlikelyBirthday, change_profile, is_likely_birthday
from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import caller
from linlingtong.areas.models import Area, Organization
from linlingtong.core.conditional import Personal
from linlingtong.core.fields import LARGEST_ID, Day, Text, Whole, YesNo


class HomeArea(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    level = serializers.ChoiceField(choices=Area.Level.choices)
    name = serializers.CharField()
    path = serializers.CharField()


class MembershipShape(serializers.Serializer[Any]):
    organization = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Organization.Kind.choices)
    is_confirmed = serializers.BooleanField()


class Profile(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    nickname = serializers.CharField()
    phone = serializers.CharField(help_text="Masked: `199****0001`")
    home_area = HomeArea(allow_null=True)
    home_confirmed_at = serializers.DateTimeField(allow_null=True)
    memberships = MembershipShape(many=True)
    level = serializers.IntegerField(help_text="1: a verified phone, 2: home or membership confirmed")
    born_on = serializers.DateField(allow_null=True)
    elder_mode = serializers.BooleanField()
    text_size = serializers.ChoiceField(choices=User.TextSize.choices)
    theme = serializers.ChoiceField(choices=User.Theme.choices)
    language = serializers.ChoiceField(choices=User.Language.choices)
    suspended_until = serializers.DateTimeField(allow_null=True)


class ProfileBody(serializers.Serializer[Any]):
    nickname = Text(max_length=30, required=False)
    home_area = Whole(
        min_value=1, max_value=LARGEST_ID, required=False, allow_null=True, help_text="A community, grid or building"
    )
    born_on = Day(required=False, allow_null=True)
    elder_mode = YesNo(required=False)
    text_size = serializers.ChoiceField(choices=User.TextSize.choices, required=False)
    theme = serializers.ChoiceField(choices=User.Theme.choices, required=False)
    language = serializers.ChoiceField(choices=User.Language.choices, required=False)

    def validate_home_area(self, key: int | None) -> Area | None:
        area = Area.objects.active().filter(pk=key).first() if key else None
        if key and area is None:
            raise serializers.ValidationError(_("There is no such area."), code="does_not_exist")
        if area and area.level not in HOMES:
            raise serializers.ValidationError(_("Choose a community, a grid or a building."), code="not_a_home")
        return area

    def validate_born_on(self, day: dt.date | None) -> dt.date | None:
        if not is_likely_birthday(day):
            raise serializers.ValidationError(UnlikelyBirthday().detail, code=UnlikelyBirthday.code)
        return day


class Me(Personal):
    board = "accounts"

    @extend_schema(operation_id="me", responses=Profile)
    def get(self, request: Request) -> Response:
        """One's own profile."""
        return Response(_profile(caller(request)))

    @extend_schema(operation_id="change_me", request=ProfileBody, responses=Profile)
    def patch(self, request: Request) -> Response:
        """Change some of it; what is not named stays."""
        user = caller(request)
        body = ProfileBody(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(_profile(change_profile(user, by=user, **body.validated_data)))


def _profile(user: User) -> dict[str, Any]:
    home = user.home_area
    memberships = list(user.memberships.current().select_related("organization").order_by("id"))
    return {
        "id": user.pk,
        "nickname": user.nickname,
        "phone": user.masked_phone,
        "home_area": home and {"id": home.pk, "level": home.level, "name": home.name, "path": home.path},
        "home_confirmed_at": user.home_confirmed_at,
        "memberships": [_membership(one) for one in memberships],
        "level": 2 if user.home_confirmed_at or any(one.confirmed_at for one in memberships) else 1,
        "born_on": user.born_on and user.born_on.isoformat(),
        "elder_mode": user.elder_mode,
        "text_size": user.text_size,
        "theme": user.theme,
        "language": user.language,
        "suspended_until": user.suspended_until,
    }


def _membership(membership: Any) -> dict[str, Any]:
    organization = membership.organization
    return {
        "organization": organization.pk,
        "name": organization.name,
        "kind": organization.kind,
        "is_confirmed": membership.confirmed_at is not None,
    }
