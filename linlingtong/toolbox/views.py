from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from linlingtong.core.memory import kept
from linlingtong.core.time import today
from linlingtong.toolbox.forms import Wanted
from linlingtong.toolbox.models import Audience, Contact, Guide, Tool

ON_HOME = 8
MOST = 200
MOST_KEPT = 60


@require_safe
def shelf(request: HttpRequest) -> HttpResponse:
    """Every tool by what it is for; whoever types a word finds numbers and guides too."""
    wanted = Wanted(request.GET)
    text = wanted.chosen().get("q", "")
    context: dict[str, Any] = {"form": wanted, "wanted": text}
    if text:
        context |= {
            "tools": [one for one in Tool.objects.shown().in_order() if text.casefold() in one.is_about],
            "contacts": _with_hours(Contact.objects.listed().matching(text).order_by("position", "pk")[:10]),
            "guides": Guide.objects.published().matching(text).order_by("title", "pk")[:10],
        }
    else:
        by_group = sorted(Tool.objects.shown().in_order(), key=lambda one: Tool.Group.values.index(one.group))
        context["shelves"] = [
            (Tool.Group(group).label, list(rows)) for group, rows in groupby(by_group, key=lambda one: one.group)
        ]
    return render(request, "toolbox/shelf.html", context)


def home_card(_request: HttpRequest) -> dict[str, Any]:
    """The few tools that staff put on the home screen."""
    shown = Tool.objects.shown().filter(on_home=True).in_order()[:ON_HOME]
    return {"tools": kept("home-tools", lambda: list(shown))}


@require_safe
def contacts(request: HttpRequest) -> HttpResponse:
    """The directory: who answers now stands at every number."""
    chosen = Wanted(request.GET).chosen()
    rows = Contact.objects.listed()
    if "category" in chosen:
        rows = rows.filter(category=chosen["category"])
    if "q" in chosen:
        rows = rows.matching(chosen["q"])
    found = _with_hours(rows.order_by("category", "position", "pk")[:MOST])
    found.sort(key=lambda row: Contact.Category.values.index(row["contact"].category))
    context = {
        "heading": _("Useful numbers"),
        "hint": _("A name, a service, a number"),
        "form": Wanted(request.GET),
        "chips_label": _("Categories"),
        "chips": _chips(request, "category", Contact.Category.choices, chosen),
        "groups": [
            (Contact.Category(category).label, list(group))
            for category, group in groupby(found, key=lambda row: row["contact"].category)
        ],
    }
    return render(request, "toolbox/contacts.html", context)


def _with_hours(rows: "QuerySet[Contact]") -> list[dict[str, Any]]:
    now = timezone.now()
    return [{"contact": one, "answers": one.answers_at(now)} for one in rows.prefetch_related("schedules")]


def _chips(
    request: HttpRequest, name: str, choices: list[tuple[Any, Any]], chosen: dict[str, str]
) -> list[dict[str, Any]]:
    rest = {key: value for key, value in chosen.items() if key != name}
    everything = {"label": _("All"), "url": _address(request, rest), "is_current": name not in chosen}
    return [
        everything,
        *(
            {"label": label, "url": _address(request, rest | {name: value}), "is_current": chosen.get(name) == value}
            for value, label in choices
        ),
    ]


def _address(request: HttpRequest, parameters: dict[str, str]) -> str:
    return f"{request.path}?{urlencode(parameters)}" if parameters else request.path


@require_safe
def guides(request: HttpRequest) -> HttpResponse:
    chosen = Wanted(request.GET).chosen()
    rows = Guide.objects.published()
    if "audience" in chosen:
        rows = rows.filter(audience__contains=[chosen["audience"]])
    if "q" in chosen:
        rows = rows.matching(chosen["q"])
    context = {
        "heading": _("Guides"),
        "hint": _("Residence permit, school, degree"),
        "form": Wanted(request.GET),
        "chips_label": _("For whom"),
        "chips": _chips(request, "audience", Audience.choices, chosen),
        "guides": rows.order_by("title", "pk")[:MOST],
    }
    return render(request, "toolbox/guides.html", context)


@require_safe
def guide(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Guide.objects.published().select_related("contact"), slug=slug)
    contact = found.contact if found.contact and found.contact.is_listed else None
    context = {
        "guide": found,
        "contact": contact,
        "answers": contact.answers_at(timezone.now()) if contact else None,
        "has_ended": found.has_ended(today()),
    }
    return render(request, "toolbox/guide.html", context)


@require_safe
@never_cache
def offline(request: HttpRequest) -> HttpResponse:
    """What a phone without a network shows for a page it has not kept."""
    return render(request, "toolbox/offline.html")


@require_safe
@cache_control(max_age=0, no_cache=True)
def worker(_request: HttpRequest) -> HttpResponse:
    """The script that keeps numbers and guides readable without a network; it stands at the root to reach them."""
    guides = Guide.objects.published().order_by("title", "pk").values_list("slug", flat=True)[:MOST_KEPT]
    context = {
        "kept": [reverse("toolbox:contacts"), reverse("toolbox:guides")],
        "guides": [reverse("toolbox:guide", args=[slug]) for slug in guides],
        "offline": reverse("toolbox:offline"),
        "files": [static(name) for name in ("app.css", "app.js", "icons.svg", "toolbox.css", "offline.js")],
    }
    return HttpResponse(render_to_string("toolbox/worker.js", context), content_type="text/javascript")
