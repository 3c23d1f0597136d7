import datetime as dt
import re
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from linlingtong.accounts.signed_in import caller
from linlingtong.core.posting import posted_from
from linlingtong.notifications.actions import mark_read, set_preferences
from linlingtong.notifications.forms import PreferencesForm
from linlingtong.notifications.models import Kind, Notification, NotificationQuerySet, Preferences

PAGE = 20
CURSOR = re.compile(r"([ur])(\d{1,16})-(\d{1,18})", re.ASCII)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LOOKS = {
    Kind.REGISTRATION: ("circle-check", "reed"),
    Kind.OFFER: ("confetti", "sun"),
    Kind.CHANGE: ("refresh", "sun"),
    Kind.CANCELLATION: ("ban", "brick"),
    Kind.REMINDER_DAY: ("bell", ""),
    Kind.REMINDER_SOON: ("clock", ""),
    Kind.OPENING: ("calendar-event", ""),
    Kind.MESSAGE: ("message-2", "steel"),
}


@dataclass(frozen=True)
class Line:
    """A message as the inbox shows it."""

    row: Notification
    icon: str
    tone: str

    @classmethod
    def of(cls, row: Notification) -> "Line":
        icon, tone = LOOKS.get(Kind(row.kind), ("bell", ""))
        return cls(row, icon, tone)


@login_required
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    me = caller(request)
    after = CURSOR.fullmatch(request.GET.get("after", ""))
    mine = Notification.objects.visible_to(me)
    to_answer = [] if after else list(mine.to_answer(timezone.now())[:PAGE])
    rows = _page(mine, after)
    more = _cursor(rows[PAGE - 1]) if len(rows) > PAGE else ""
    page = {
        "to_answer": [Line.of(row) for row in to_answer],
        "lines": [Line.of(row) for row in rows[:PAGE] if row not in to_answer],
        "more": more,
        "is_first": not after,
    }
    return render(request, "notifications/inbox.html", page)


def _page(mine: NotificationQuerySet, after: re.Match[str] | None) -> list[Notification]:
    """Unread ones first, then read ones, newest first each; one more than fits tells that there are more."""
    rows: list[Notification] = []
    if after is None or after[1] == "u":
        rows += _below(mine.unread(), after).newest_first()[: PAGE + 1]
        after = None
    if len(rows) <= PAGE:
        rows += _below(mine.exclude(read_at=None), after).newest_first()[: PAGE + 1 - len(rows)]
    return rows


def _below(rows: NotificationQuerySet, after: re.Match[str] | None) -> NotificationQuerySet:
    if after is None:
        return rows
    try:
        moment = EPOCH + dt.timedelta(microseconds=int(after[2]))
    except OverflowError:
        return rows.none()
    return rows.filter(created_at__lte=moment).filter(Q(created_at__lt=moment) | Q(pk__lt=int(after[3])))


def _cursor(row: Notification) -> str:
    microseconds = (row.created_at - EPOCH) // dt.timedelta(microseconds=1)
    return f"{'u' if row.read_at is None else 'r'}{microseconds}-{row.pk}"


@login_required
@require_GET
def open_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Reading a message leads to what it speaks of; only to pages of this site."""
    me = caller(request)
    row = get_object_or_404(Notification.objects.visible_to(me), pk=pk)
    mark_read(me, [row.pk], by=me)
    is_ours = row.url.startswith("/") and url_has_allowed_host_and_scheme(row.url, allowed_hosts=None)
    if is_ours:
        return redirect(row.url)
    return render(request, "notifications/message.html", {"line": Line.of(row)})


@posted_from("notifications:inbox")
@login_required
def read_all(request: HttpRequest) -> HttpResponse:
    me = caller(request)
    mark_read(me, None, by=me)
    messages.success(request, _("All messages are marked as read."))
    return redirect("notifications:inbox")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    me = caller(request)
    wishes = Preferences.objects.filter(resident=me).first() or Preferences(resident=me)
    form = PreferencesForm(request.POST if request.method == "POST" else None, wishes=wishes)
    if request.method == "POST" and form.is_valid():
        set_preferences(
            me,
            by=me,
            muted=form.muted(),
            quiet_from=form.clock("quiet_from"),
            quiet_until=form.clock("quiet_until"),
        )
        messages.success(request, _("Saved. From now on we write to you this way."))
        return redirect(reverse("notifications:preferences"))
    return render(request, "notifications/preferences.html", {"form": form, "has_email": bool(me.email)})
