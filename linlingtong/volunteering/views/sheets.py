import datetime as dt

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from linlingtong.accounts.signed_in import caller
from linlingtong.core.dates import hours_words
from linlingtong.core.qr import qr_svg
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import today
from linlingtong.volunteering.actions import make_sheet
from linlingtong.volunteering.actions.refusals import SheetRevoked
from linlingtong.volunteering.forms import SheetForm
from linlingtong.volunteering.models import ServiceSheet, SheetLine
from linlingtong.volunteering.views.wording import (
    MARK,
    disputed,
    facts_of,
    mark_words,
    sheet_title,
    stars_words,
    titled,
    when,
)

GROUP = 4


def spaced(serial: str) -> str:
    """A serial number in groups of four, to be read aloud."""
    return " ".join(serial[at : at + GROUP] for at in range(0, len(serial), GROUP))


def check_address(request: HttpRequest, serial: str) -> str:
    return request.build_absolute_uri(reverse("volunteering:check", args=[serial]))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """One's sheets, and the form for a new one."""
    last = today()
    start = {"first_on": dt.date(last.year, 1, 1), "last_on": last}
    form = SheetForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            made = make_sheet(caller(request), by=caller(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
        else:
            messages.success(request, _("Your sheet is ready."))
            return redirect("volunteering:sheet", serial=made.serial)
    sheets = ServiceSheet.objects.visible_to(caller(request)).with_validity().order_by("-issued_at", "-id")
    rows = [{"sheet": one, "serial": spaced(one.serial), "is_valid": one.is_live} for one in sheets[:50]]
    return render(request, "volunteering/sheets.html", {"form": form, "rows": rows})


def own_sheet(request: HttpRequest, serial: str) -> ServiceSheet:
    return get_object_or_404(ServiceSheet.objects.visible_to(caller(request)).with_validity(), serial=serial)


def lines_of(sheet: ServiceSheet) -> list[SheetLine]:
    return list(sheet.lines.select_related("entry").order_by("entry__starts_at", "entry_id"))


@login_required
@require_safe
@never_cache
def sheet(request: HttpRequest, serial: str) -> HttpResponse:
    """The sheet to read in the browser: what the PDF says, for phones that open none."""
    found = own_sheet(request, serial)
    address = check_address(request, serial)
    lines = lines_of(found)
    asked = disputed(lines)
    context = {
        "sheet": found,
        "title": sheet_title(found),
        "serial": spaced(serial),
        "facts": facts_of(found),
        "lines": [(when(line), titled(line, asked), hours_words(line.minutes)) for line in lines],
        "mark": f"{MARK} {mark_words()}" if asked else "",
        "code": qr_svg(address, label=_("Code that leads to the check page")),
        "address": address,
        "is_valid": found.is_live,
    }
    return render(request, "volunteering/sheet.html", context)


@login_required
@require_safe
@never_cache
def pdf(request: HttpRequest, serial: str) -> HttpResponse:
    """The sheet as a PDF; a revoked one is printed no more."""
    found = own_sheet(request, serial)
    if not found.is_live:
        messages.error(request, SheetRevoked().detail)
        return redirect("volunteering:sheet", serial=serial)
    from linlingtong.volunteering.views.printing import sheet_pdf  # noqa: PLC0415 - see there

    content = sheet_pdf(found, lines_of(found), check_address(request, serial))
    headers = {"Content-Disposition": f'attachment; filename="{serial}.pdf"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@require_safe
@never_cache
def check(request: HttpRequest, serial: str) -> HttpResponse:
    """Open to everybody: is this sheet valid, revoked, or unknown? Shows a masked name, hours and issuer."""
    clean = serial.upper().replace("-", "").replace("_", "")
    found = ServiceSheet.objects.with_validity().filter(serial=clean).first()
    context = {
        "sheet": found,
        "serial": spaced(clean[:20]),
        "is_valid": found is not None and found.is_live,
        "is_holder_gone": found is not None and found.is_holder_gone,
        "name": found.masked_name if found else "",
        "hours": hours_words(found.minutes) if found else "",
        "stars": stars_words(found.stars) if found else "",
        "title": sheet_title(found) if found else "",
    }
    return render(request, "volunteering/check.html", context, status=200 if found else 404)
