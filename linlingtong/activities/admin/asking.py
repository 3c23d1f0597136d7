"""Pages between a button and its verb: they say what will happen, and ask for the reason."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from linlingtong.core.refusal import Refusal
from linlingtong.core.text import clean_text

TEMPLATE = "admin/activities/ask.html"


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("reason"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        help_text=_("The residents read it, for example: strong wind forecast."),
    )

    def clean_reason(self) -> str:
        return clean_text(self.cleaned_data["reason"])


class TextForm(forms.Form):
    text = forms.CharField(
        label=_("message"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        help_text=_("For example: Please bring gloves, it will be cold."),
    )

    def clean_text(self) -> str:
        return clean_text(self.cleaned_data["text"])


class NothingToAsk(forms.Form):
    """A button whose page only says what will happen."""


def ask(
    request: HttpRequest,
    site_context: dict[str, Any],
    *,
    form: forms.Form,
    title: str,
    explained: str,
    button: str,
    kept: dict[str, list[str]] | None = None,
) -> HttpResponse:
    """The page that asks; `kept` are posted values that the next post has to bring again."""
    context = {
        **site_context,
        "title": title,
        "explained": explained,
        "button": button,
        "form": form,
        "kept": kept or {},
    }
    return TemplateResponse(request, TEMPLATE, context)


def attempt(request: HttpRequest, verb: Callable[[], str], then: str) -> HttpResponse:
    """Do it, say what came of it, and go on; whoever may not finds nothing here."""
    try:
        messages.success(request, verb())
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    except PermissionDenied as error:
        raise Http404 from error
    return redirect(then)
