"""Fields of the API that take only what they say: text is text, a number is a number, and it can be seen."""

import datetime as dt
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from linlingtong.core.text import clean_text
from linlingtong.core.time import EARLIEST, LATEST

LARGEST_ID = 2**63 - 1


class Text(serializers.CharField):
    """What a person typed, cleaned; numbers and booleans are not text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        # NUL is refused by the field's validator; everything else that cannot be seen is taken out before the rest.
        if isinstance(data, str) and "\x00" not in data:
            data = clean_text(data)
        return super().run_validation(data)


class Whole(serializers.IntegerField):
    """A number in JSON: neither text nor 1.0 nor true."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class YesNo(serializers.BooleanField):
    """true or false, no other spelling."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Key(serializers.IntegerField):
    """The id of a row in a query string; never beyond what the database counts to."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_ID, **kwargs)


class Day(serializers.DateField):
    """A date of our days."""

    default_error_messages = {"far": _("This date is too far away.")}

    def to_internal_value(self, data: Any) -> dt.date:
        text = data if isinstance(data, str) else ""
        try:
            day = parse_date(text)
        except ValueError:
            day = None
        if day is None:
            self.fail("invalid", format="YYYY-MM-DD")
        if not EARLIEST <= day <= LATEST:
            self.fail("far")
        return day


class Query(serializers.Serializer[Any]):
    """The parameters of a list. Empty ones count as absent, unknown ones are ignored."""

    @classmethod
    def read(cls, parameters: Any) -> dict[str, Any]:
        given = {name: value for name, value in parameters.items() if value != ""}
        if not given and not any(field.required for field in cls._declared_fields.values()):
            return {}
        query = cls(data=given)
        query.is_valid(raise_exception=True)
        return dict(query.validated_data)
