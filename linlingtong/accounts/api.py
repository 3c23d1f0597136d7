import datetime as dt
from typing import Any, ClassVar

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.actions import (
    HOMES,
    NoSecondFactor,
    UnlikelyBirthday,
    WrongSecondFactor,
    change_profile,
    has_second_factor,
    is_likely_birthday,
    is_second_factor,
)
from linlingtong.accounts.models import User
from linlingtong.accounts.proof import lacks_proof, note_proof, note_wrong, session_now
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
    needs_second_factor = serializers.BooleanField(help_text="Staff without it are residents here")


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


class SecondFactorBody(serializers.Serializer[Any]):
    code = Text(max_length=40, help_text="Six digits of the authenticator app, or a code on paper")


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


class MySecondFactor(Personal):
    board = "accounts"

    refusals: ClassVar[dict[str, Any]] = {"POST": (NoSecondFactor, WrongSecondFactor)}

    @extend_schema(operation_id="show_second_factor", request=SecondFactorBody, responses={204: None})
    def post(self, request: Request) -> Response:
        """Staff show the code of their authenticator app; until then their token is a resident's.

        Each code is accepted once. After five wrong ones the token is over.
        """
        user = caller(request)
        if not settings.STAFF_TOTP or not user.is_staff:
            raise Http404
        body = SecondFactorBody(data=request.data)
        body.is_valid(raise_exception=True)
        if not has_second_factor(user):
            raise NoSecondFactor
        session = session_now()
        if not is_second_factor(user, body.validated_data["code"]):
            if not note_wrong(session):
                session.save()
            raise WrongSecondFactor
        note_proof(session, user)
        session.save()
        return Response(status=204)


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
        "needs_second_factor": user.is_staff and lacks_proof(user),
    }


def _membership(membership: Any) -> dict[str, Any]:
    organization = membership.organization
    return {
        "organization": organization.pk,
        "name": organization.name,
        "kind": organization.kind,
        "is_confirmed": membership.confirmed_at is not None,
    }
