"""Looking back at an activity: its story and pictures, thanks, and what those who were there thought."""

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import reader
from linlingtong.activities.actions import claiming, feedback
from linlingtong.activities.models import Activity, Participant, Rating, Review
from linlingtong.activities.record_forms import RatingForm, ReviewForm, ThanksForm
from linlingtong.activities.views.cards import cover_of
from linlingtong.core.refusal import Refusal
from linlingtong.photos.reading import photos_by_subject

SHOWN_RATINGS = 50
Verb = Callable[[], str]


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, slug: str) -> HttpResponse:
    """Everybody reads the story; those who were there rate; leader and staff write it and say thanks."""
    activity = get_object_or_404(Activity.objects.visible_to().select_related("area", "host", "leader"), slug=slug)
    user = reader(request)
    if activity.ends_at is None or activity.ends_at > timezone.now() or activity.status == "cancelled":
        return redirect("activities:detail", slug=slug)
    if request.method == "POST" and user is None:
        return redirect_to_login(request.path)
    forms = _forms(request, activity, user)
    what = request.POST.get("what", "")
    if request.method == "POST":
        form = forms.get(what)
        if form is None or user is None:
            raise Http404
        if form.is_valid() and _done(request, form, _verb(what, form, activity, user)):
            return redirect("activities:review", slug=slug)
    return render(request, "activities/review.html", _context(activity, user, forms))


def _forms(request: HttpRequest, activity: Activity, user: User | None) -> dict[str, Any]:
    """The forms that this reader may send, by name; the one that was sent is filled."""
    if user is None:
        return {}
    forms: dict[str, Any] = {}
    what = request.POST.get("what")
    told = Review.objects.filter(activity=activity).first()
    if feedback.was_there(user, activity):
        mine = Rating.objects.filter(activity=activity, resident=user).first()
        is_open = mine is None or mine.editable_until > timezone.now()
        initial = {"stars": str(mine.stars), "text": mine.text} if mine else None
        if is_open or what == "rating":
            forms["rating"] = RatingForm(request.POST if what == "rating" else None, initial=initial)
    if feedback.may_review(user, activity):
        posted = (request.POST, request.FILES) if what == "story" else (None, None)
        forms["story"] = ReviewForm(*posted, by=user, initial={"story": told.story if told else ""})
        if told is None or told.thanked_at is None or what == "thanks":
            forms["thanks"] = ThanksForm(request.POST if what == "thanks" else None)
    return forms


def _verb(what: str, form: Any, activity: Activity, user: User) -> Verb:
    given = form.cleaned_data

    def rate() -> str:
        feedback.rate(activity.pk, by=user, stars=int(given["stars"]), text=given["text"])
        return _("Thank you. You can change it for seven days.")

    def tell() -> str:
        told = feedback.write_review(activity.pk, by=user, story=given["story"], photos=given["photos"])
        if not told.is_visible:
            return _("Kept. A colleague looks at it first, usually within a day; until then only you see it.")
        return _("Published: everybody reads it here.")

    def thank() -> str:
        number = feedback.thank(activity.pk, given["thanks"], by=user)
        words = ngettext("%(number)d person has been thanked.", "%(number)d people have been thanked.", number)
        return words % {"number": number}

    return {"rating": rate, "story": tell, "thanks": thank}[what]


def _done(request: HttpRequest, form: Any, verb: Verb) -> bool:
    try:
        messages.success(request, verb())
    except Refusal as refusal:
        form.add_error(None, refusal.detail)
        return False
    return True


def _context(activity: Activity, user: User | None, forms: dict[str, Any]) -> dict[str, Any]:
    is_staff = "story" in forms
    ratings = Rating.objects.filter(activity=activity).order_by("-pk")[:SHOWN_RATINGS] if is_staff else ()
    return {
        **looked_back(activity, user),
        "activity": activity,
        "forms": forms,
        "cover": cover_of(activity),
        "mine": Rating.objects.filter(activity=activity, resident=user).first() if user else None,
        "ratings": ratings,
        "praise_url": praise_url(activity) if user else "",
        "first_error": next((form for form in forms.values() if form.errors), None),
    }


def looked_back(activity: Activity, user: User | None) -> dict[str, Any]:
    """What the page of an activity that is over shows of it: story, pictures, thanks, the average."""
    told = Review.objects.filter(activity=activity).select_related("by").first()
    is_held = told is not None and not told.is_visible
    is_shown = not is_held or (user is not None and feedback.may_review(user, activity))
    photos = photos_by_subject(feedback.PICTURES, [told.pk])[told.pk] if told else []
    return {
        "review": told,
        "is_held": is_held,
        "story": told.story if told and is_shown else "",
        "review_photos": [photo for photo in photos if is_shown and (is_held or not photo.is_hidden)],
        "opinion": feedback.opinion_of(activity),
    }


def praise_url(activity: Activity) -> str:
    """Where to praise the activity, if there is a board for it."""
    try:
        page = reverse("likes:new")
    except NoReverseMatch:
        return ""
    return f"{page}?{urlencode({'activity': activity.pk, 'title': activity.title})}"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def participations(request: HttpRequest) -> HttpResponse:
    """Paper rosters with one's own number: “是我” takes what waits, “不是我” lets an entry go."""
    user = cast("User", request.user)
    if request.method == "POST":
        return _claim_or_not(request, user)
    own = Participant.objects.filter(resident=user).select_related("session__activity")
    context = {
        "waiting": claiming.waiting_for(user),
        "own": own.order_by("-session__starts_at", "-pk")[:SHOWN_RATINGS],
    }
    return render(request, "activities/participations.html", context)


def _claim_or_not(request: HttpRequest, user: User) -> HttpResponse:
    key = request.POST.get("not_me", "")
    try:
        if key:
            claiming.disown(int(key) if key.isdecimal() and len(key) < 19 else 0, by=user)
            messages.success(request, _("Noted: that was somebody else. Your number is gone from that list."))
        else:
            number = len(claiming.claim(user, by=user))
            words = ngettext("%(number)d entry is yours now.", "%(number)d entries are yours now.", number)
            messages.success(request, words % {"number": number})
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    return redirect("activities:participations")
