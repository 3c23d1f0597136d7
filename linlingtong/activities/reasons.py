"""Why a line of a sheet is not possible, or what is to be known about it, in words for staff."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

WORDS: dict[str, Callable[[], str]] = {
    "no_name": lambda: _("There is no name."),
    "bad_name": lambda: _("The name is too long or a number."),
    "bad_phone": lambda: _("This is no mobile number. Correct it, or leave the cell empty."),
    "two_phones": lambda: _("There are two numbers in one cell. Keep one."),
    "lost_digits": lambda: _("Excel has cut the number (1.99E+10). Format the column as text, type it again."),
    "no_title": lambda: _("Which activity? Add a column “活动名称”, or fill it in when you upload."),
    "too_much_text": lambda: _("A cell is too long: at most %(most)s characters."),
    "no_date": lambda: _("There is no date. Add a column “日期”, or fill it in when you upload."),
    "bad_date": lambda: _("The date cannot be read. Write it like 2022-09-03."),
    "bad_time": lambda: _("The time cannot be read. Write it like 9:00-11:00."),
    "in_future": lambda: _("That day has not come yet."),
    "other_day": lambda: _("Another day than the session's (%(day)s)."),
    "bad_minutes": lambda: _("The duration cannot be read. Write hours, for example 2 or 1.5."),
    "too_long": lambda: _("More than 12 hours. Is the unit right?"),
    "more_than_span": lambda: _("More than the %(span)s minutes from start to end."),
    "ends_before_start": lambda: _("The end is not after the start."),
    "repeats_line": lambda: _("The same as line %(line)s."),
    "other_name": lambda: _("The number of line %(line)s with another name. Correct it, or leave it out."),
    "same_name": lambda: _("Named like line %(line)s, without a number. Add the number if it is somebody else."),
    "two_at_once": lambda: _("At the same time as line %(line)s. Add a start time if that was later."),
    "served_elsewhere": lambda: _("Hours at that time are credited elsewhere already."),
    "own_hours": lambda: _("Your own hours are written down by a colleague."),
    "recorded_already": lambda: _("On the list already."),
    "attended_already": lambda: _("Checked in by registration already."),
    "registered_here": lambda: _("Registered here: tick the roster of the session instead."),
    "name_recorded": lambda: _("This name is on the list already. Add the number if it is somebody else."),
    "no_phone": lambda: _("Without a number nobody can claim it."),
    "masked_phone": lambda: _("The number is masked, so nobody can claim it."),
    "looks_like_total": lambda: _("Looks like a total, not like a person."),
    "looks_like_remark": lambda: _("Looks like a remark, not like a person."),
    "used_since": lambda: _("Stays: it was claimed or rated since, or it is your own."),
    "too_many": lambda: _("At most %(most)s names at once. Use a sheet."),
    "clashing": lambda: _("No hours: credited elsewhere at that time."),
    "disowned": lambda: _("The owner of the number says it was somebody else."),
}


def all_words(code: str, facts: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with a line, a sentence each."""
    told = [reason_words(code, facts), *(reason_words(one["code"], one) for one in facts.get("also", ()))]
    return [words for words in told if words]


def reason_words(code: str, facts: Mapping[str, Any]) -> str:
    found = WORDS.get(code)
    return found() % facts if found else ""
