import datetime as dt
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import caller
from linlingtong.core.dates import date_words, hours_words, month, span_words
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import at, local, today
from linlingtong.volunteering.actions import dispute
from linlingtong.volunteering.forms import DisputeForm
from linlingtong.volunteering.models import Dispute, ServiceEntry, Standing, open_disputes
from linlingtong.volunteering.models.evidence import proof_words
from linlingtong.volunteering.models.ledger import ServiceEntryQuerySet
from linlingtong.volunteering.models.totals import Month, issuer_of, levels_of, minutes_of, months_of, summed

SHOWN = 100
TALLEST = 96
BADGES = {
    Standing.CREDITED: ("open", "circle-check", gettext_lazy("credited")),
    Standing.WAITING: ("few", "hourglass", gettext_lazy("waits for staff")),
    Standing.DECLINED: ("off", "ban", gettext_lazy("not credited")),
    Standing.REVERSED: ("off", "arrow-back-up", gettext_lazy("taken back")),
    Standing.DISPUTED: ("offer", "help-circle", gettext_lazy("you asked")),
}
WHY_WAITING = {
    "proof": gettext_lazy("One of the scans is missing, so a second person of the staff looks at it."),
    "short_stay": gettext_lazy("You stayed for less than the share of the time that counts by itself."),
    "overlap": gettext_lazy("Something else is credited for the same time."),
}


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The total, the stars, and every line with where it stands."""
    resident = caller(request)
    issuer = issuer_of(resident.home_area)
    entries = ServiceEntry.objects.visible_to(resident).current().with_standing()
    years = years_of(resident)
    wanted = request.GET.get("year", "")
    year = int(wanted) if wanted.isdecimal() and int(wanted) in years else (years[0] if years else today().year)
    shown = entries.filter(starts_at__gte=at(dt.date(year, 1, 1)), starts_at__lt=at(dt.date(year + 1, 1, 1)))
    lines, more = page_of(shown, request.GET.get("after", ""))
    due = open_disputes(lines)
    levels = levels_of(issuer)
    context = {
        **stars_context(summed(minutes_of(resident), levels)),
        "levels": levels,
        "issuer": issuer,
        "year": year,
        "years": years,
        "lines": [row(entry, due.get(entry.pk)) for entry in lines],
        "more": more,
        "is_first": not request.GET.get("after"),
        "bars": bars(months_of(resident)),
    }
    return render(request, "volunteering/hours.html", context)


def page_of(entries: ServiceEntryQuerySet, after: str) -> tuple[list[ServiceEntry], int]:
    """The lines behind the one with number `after`, else the newest; and the number of the last, if more follow."""
    number = int(after) if after.isdecimal() and len(after) < 19 else 0
    last = entries.filter(pk=number).values_list("starts_at", flat=True).first()
    if last is not None:
        entries = entries.filter(Q(starts_at__lt=last) | Q(starts_at=last, pk__lt=number))
    lines = list(entries.order_by("-starts_at", "-id")[: SHOWN + 1])
    return lines[:SHOWN], lines[SHOWN - 1].pk if len(lines) > SHOWN else 0


def years_of(resident: User) -> list[int]:
    dates = ServiceEntry.objects.visible_to(resident).dates("starts_at", "year", order="DESC")
    return [date.year for date in dates]


def stars_context(summary: Any) -> dict[str, Any]:
    next_stars = summary.stars + 1
    return {
        "summary": summary,
        "hours": plain_hours(summary.minutes),
        "left": plain_hours(summary.minutes_left),
        "next_stars": next_stars,
        "stars": [number <= summary.stars for number in range(1, summary.most_stars + 1)],
        "stars_label": ngettext("%(stars)d of %(all)d stars", "%(stars)d of %(all)d stars", summary.stars)
        % {"stars": summary.stars, "all": summary.most_stars},
    }


def plain_hours(minutes: int) -> str:
    """`126.5`: for a large number with its unit beside it."""
    return f"{minutes / 60:,.1f}".removesuffix(".0")


def row(entry: Any, asked: Dispute | None = None) -> dict[str, Any]:
    tone, icon, label = BADGES[Standing(entry.standing)]
    text = ""
    if asked is not None:
        text = _("%(reason)s You get an answer by %(day)s.") % {
            "reason": closed(asked.reason),
            "day": date_words(local(asked.due_at).date()),
        }
    elif entry.standing in {Standing.REVERSED, Standing.DECLINED}:
        text = _("Why: %(reason)s") % {"reason": entry.last_reason}
    return {
        "entry": entry,
        "when": span_words(entry.starts_at, entry.ends_at),
        "hours": plain_hours(entry.counted),
        "is_gone": entry.plain_standing in {Standing.REVERSED, Standing.DECLINED},
        "badge": {"tone": tone, "icon": icon, "label": label},
        "text": text,
    }


def closed(sentence: str) -> str:
    """The sentence with a full stop of its own script."""
    if sentence.endswith((".", "。", "！", "？", "!", "?")):
        return sentence
    return sentence + ("." if sentence.isascii() else "。")


def bars(months: list[Month]) -> list[dict[str, Any]]:
    top = max([one.minutes for one in months] + [1])
    return [
        {
            **asdict(one),
            "label": month(one.first),
            "hours": plain_hours(one.minutes),
            "height": max(2, max(one.minutes, 0) * TALLEST // top),
            "y": TALLEST - max(2, max(one.minutes, 0) * TALLEST // top),
            "is_now": one.first == today().replace(day=1),
        }
        for one in months
    ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def line(request: HttpRequest, pk: int) -> HttpResponse:
    """One line, its story, and the way to say that it is wrong."""
    own = ServiceEntry.objects.visible_to(caller(request)).with_standing().select_related("area")
    entry: Any = get_object_or_404(own, pk=pk)
    form = DisputeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = dispute(entry.pk, form.cleaned_data["reason"], by=caller(request))
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
        else:
            day = date_words(local(asked.due_at).date())
            messages.success(request, _("Sent. You get an answer by %(day)s.") % {"day": day})
            return redirect("volunteering:line", pk=pk)
    disputes = list(entry.disputes.order_by("opened_at"))
    open_one = next((one for one in disputes if one.answered_at is None), None)
    context = {
        "entry": entry,
        "row": row(entry, open_one),
        "proof": proof_words(entry),
        "story": story(entry, disputes),
        "form": form,
        "can_ask": open_one is None,
        "why_waiting": WHY_WAITING.get(entry.note, "") if entry.plain_standing == Standing.WAITING else "",
        "issuer": issuer_of(entry.area),
    }
    return render(request, "volunteering/line.html", context)


def story(entry: ServiceEntry, disputes: list[Dispute]) -> list[dict[str, Any]]:
    """What became of a line, in order."""
    steps = [
        (entry.recorded_at, _("Recorded"), f"{hours_words(entry.minutes)} · {entry.get_source_display()}", "done")
    ]
    names = {"credit": _("Credited"), "reversal": _("Taken back"), "decline": _("Not credited")}
    for record in entry.records.order_by("pk"):
        text = record.reason or (hours_words(record.minutes) if record.minutes > 0 else "")
        steps.append((record.at, names[record.kind], text, "done" if record.kind == "credit" else "bad"))
    for asked in disputes:
        steps.append((asked.opened_at, _("You asked for a correction"), asked.reason, "done"))
        if asked.answered_at and asked.answer:
            steps.append((asked.answered_at, _("Answer"), asked.answer, "done"))
    return [
        {"title": title, "text": " · ".join(filter(None, [date_words(local(moment).date()), text])), "state": state}
        for moment, title, text, state in sorted(steps, key=lambda step: step[0])
    ]
