"""Pages between a button and its verb: they say what will happen, and ask for the reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.core.refusal import Refusal
from linlingtong.core.text import clean_text

TEMPLATE = "admin/ask.html"
CONFIRMED = "_confirmed"


def seen(text: str, refusal: str) -> str:
    """The text without what cannot be seen; nothing left is a mistake of the form."""
    cleaned = clean_text(text)
    if not cleaned:
        raise forms.ValidationError(refusal, code="required")
    return cleaned


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("The residents read it, for example: strong wind forecast."),
    )

    def clean_reason(self) -> str:
        return seen(self.cleaned_data["reason"], _("Please give a reason: the people concerned will read it."))


class TextForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("message"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("For example: Please bring gloves, it will be cold."),
    )

    def clean_text(self) -> str:
        return seen(self.cleaned_data["text"], _("Write a message first."))


@dataclass
class Asked:
    """What stands on the page: the question, what would happen, and the button that does it."""

    title: str
    button: str
    back: str
    explained: str = ""
    lines: Sequence[str] = ()
    sms: str = ""
    form: forms.Form = field(default_factory=forms.Form)
    kept: dict[str, list[str]] = field(default_factory=dict)
    is_grave: bool = False


def ask(page: ModelAdmin[Any], request: HttpRequest, asked: Asked) -> HttpResponse:
    context = {**page.admin_site.each_context(request), "opts": page.opts, "title": asked.title, "asked": asked}
    return TemplateResponse(request, TEMPLATE, context)


def posted(request: HttpRequest, *without: str) -> dict[str, list[str]]:
    """What was typed, to be sent again by the page that asks."""
    own = {"csrfmiddlewaretoken", *without}
    return {name: [str(value) for value in values] for name, values in request.POST.lists() if name not in own}


def attempt(request: HttpRequest, verb: Callable[[], str], then: str) -> HttpResponse:
    """Do it, say what came of it, and go on; whoever may not finds nothing here."""
    try:
        messages.success(request, verb())
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    except PermissionDenied as error:
        raise Http404 from error
    return redirect(then)
