import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import caller, reader
from linlingtong.areas.models import Area
from linlingtong.core.memory import kept
from linlingtong.core.posting import posted_from
from linlingtong.core.refusal import Refusal
from linlingtong.core.sealed import unsealed
from linlingtong.core.time import at, today
from linlingtong.likes import actions
from linlingtong.likes.actions.picturing import fingerprint, kept_picture
from linlingtong.likes.forms import CommentForm, PraiseForm, TextForm
from linlingtong.likes.models import Comment, Honour, Like, Praise
from linlingtong.likes.views.cards import TOPIC_ICONS, card, cards, threads
from linlingtong.photos.reading import photos_by_subject

PAGE = 12
MONTHS = 12
MOST_AREAS = 8
PREFILL = 300
LONGEST_NUMBER = 18
LONGEST_TOKEN = 200


@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    """Praise of the whole subdistrict, the newest first; by topic, by community, or one's own."""
    user, query = reader(request), request.GET
    rows = Praise.objects.visible_to(user if query.get("mine") else None)
    topic = query.get("topic", "")
    area = Area.objects.filter(slug=query.get("area", "")[:60].replace("\x00", "")).first()
    if topic in Praise.Topic.values:
        rows = rows.filter(topic=topic)
    if area:
        rows = rows.filter(area_path__startswith=area.path)
    if query.get("mine") and user:
        rows = rows.filter(author=user)
    before = _number(query.get("before", ""))
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("author", "area", "resident", "organization").newest_first()[: PAGE + 1])
    kept = {name: query[name] for name in ("topic", "area", "mine") if query.get(name)}
    context = {
        "cards": cards(found[:PAGE], user),
        "chips": _chips(kept),
        "areas": _areas(kept),
        "next_url": f"?{urlencode(kept | {'before': found[PAGE - 1].pk})}" if len(found) > PAGE else "",
        "likes_today": likes_of(today()),
        "is_mine": bool(query.get("mine")),
    }
    return render(request, "likes/wall.html", context)


def likes_of(day: dt.date) -> int:
    return Like.objects.standing().filter(created_at__gte=at(day)).count()


def _number(text: str) -> int:
    return int(text) if len(text) <= LONGEST_NUMBER and text.isascii() and text.isdigit() else 0


def _chips(kept: dict[str, str]) -> list[dict[str, Any]]:
    def url(**changes: str) -> str:
        told = {name: value for name, value in (kept | changes).items() if value}
        return f"{reverse('likes:wall')}?{urlencode(told)}".rstrip("?")

    topics = [
        {"label": topic.label, "icon": icon, "url": url(topic=topic.value), "is_current": kept.get("topic") == topic}
        for topic, icon in TOPIC_ICONS.items()
    ]
    return [{"label": _("All"), "url": url(topic=""), "is_current": "topic" not in kept}, *topics]


def _areas(kept: dict[str, str]) -> list[dict[str, Any]]:
    """The communities as chips; the chosen one is left by tapping it again."""
    rest = {name: value for name, value in kept.items() if name != "area"}
    found = []
    for area in Area.objects.communities().active().in_order()[:MOST_AREAS]:
        is_current = kept.get("area") == area.slug
        told = urlencode(rest if is_current else {"area": area.slug} | rest)
        found.append({"label": area.name, "url": f"{reverse('likes:wall')}?{told}", "is_current": is_current})
    return found


def home_card(request: HttpRequest) -> dict[str, Any]:
    """The newest praise, and how many likes there were today."""
    rows = Praise.objects.visible_to().select_related("author", "area", "resident", "organization").newest_first()[:1]
    return {"likes_today": kept("likes-today", lambda: likes_of(today())), "cards": cards(rows, reader(request))}


def _readable(request: HttpRequest, pk: int) -> Praise:
    rows = Praise.objects.select_related("author", "area", "resident", "organization")
    user = reader(request)
    found = rows.visible_to(user).filter(pk=pk).first()
    if found is None and user is not None:
        mine = rows.managed_by(user) if user.is_staff else rows.none()
        found = mine.filter(pk=pk).first() or rows.filter(pk=pk, resident=user, withdrawn_at=None).first()
    if found is None:
        raise Http404
    return found


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _readable(request, pk), CommentForm())


def _page(request: HttpRequest, praise: Praise, form: CommentForm, status: int = 200) -> HttpResponse:
    user = reader(request)
    photos = photos_by_subject("praise", [praise.pk])[praise.pk]
    is_liked = user is not None and Like.objects.standing().filter(praise=praise, resident=user).exists()
    context = {
        "card": card(praise, photos, is_liked=is_liked, user=user),
        "praise": praise,
        "threads": threads(praise, user),
        "form": form,
        "login_url": f"{reverse('accounts:login')}?{urlencode({'next': request.path})}",
    }
    return render(request, "likes/detail.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write a praise; what is typed and chosen stays whatever happens."""
    me = caller(request)
    thanked = _thanked(request, me)
    if request.method == "POST":
        form = PraiseForm(request.POST, request.FILES, by=me, thanked=thanked)
        if form.is_valid():
            try:
                praise = actions.write(form.words(), by=me)
            except Refusal as refusal:
                form.add_error(None, refusal.detail)
            else:
                said = (
                    _("Published.") if praise.is_visible else _("Sent. It appears as soon as staff have looked at it.")
                )
                messages.success(request, said)
                return redirect("likes:detail", praise.pk)
    else:
        given = {name: request.GET.get(name, "")[:PREFILL].replace("\x00", "") for name in ("text", "about")}
        if request.GET.get("title"):  # one tap from an activity that is over
            given = {"about": request.GET["title"][:30].replace("\x00", "")}
        kind = request.GET.get("kind", "team" if request.GET.get("title") else "")
        given |= {"topic": kind} if kind in Praise.Topic.values else {}
        form = PraiseForm(by=me, thanked=thanked, initial=given)
    token = _token(request) if thanked else ""
    return render(request, "likes/new.html", {"form": form, "thanked": thanked, "token": token})


def _token(request: HttpRequest) -> str:
    return (request.POST if request.method == "POST" else request.GET).get("to", "")[:LONGEST_TOKEN]


def _thanked(request: HttpRequest, me: User) -> User | None:
    """The neighbour to whom thanks in another board belong; they are asked like everybody who is praised."""
    key = unsealed("praised", _token(request), reader=me.pk)
    found: User | None = User.objects.residents().filter(pk=key).exclude(pk=me.pk).first() if key else None
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    me = caller(request)
    praise = get_object_or_404(Praise.objects.select_related("resident"), pk=pk, author=me, withdrawn_at=None)
    form = TextForm(request.POST or None, initial={"text": praise.shown_text})
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit(pk, form.cleaned_data["text"], by=me)
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
        else:
            messages.success(request, _("Saved."))
            return redirect("likes:detail", pk)
    return render(request, "likes/edit.html", {"form": form, "praise": praise})


@posted_from("likes:detail", "pk")
@login_required
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(Praise, pk=pk, author=caller(request))
    actions.withdraw_praise(pk, by=caller(request))
    messages.success(request, _("Your praise is gone, and its photos with it."))
    return redirect("likes:wall")


@posted_from("likes:detail", "pk")
def like(request: HttpRequest, pk: int) -> HttpResponse:
    return _liked(request, pk, actions.like)


@posted_from("likes:detail", "pk")
def unlike(request: HttpRequest, pk: int) -> HttpResponse:
    return _liked(request, pk, actions.unlike)


def _liked(request: HttpRequest, pk: int, verb: Any) -> HttpResponse:
    """Back to where the tap was; with htmx only the button is drawn again."""
    here = reverse("likes:detail", args=[pk])
    user = reader(request)
    if user is None:
        return redirect(f"{reverse('accounts:login')}?{urlencode({'next': here})}")
    try:
        verb(pk, by=user)
    except Praise.DoesNotExist as gone:
        raise Http404 from gone
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    if request.headers.get("HX-Request"):
        praise = _readable(request, pk)
        is_liked = Like.objects.standing().filter(praise=praise, resident=user).exists()
        return render(request, "likes/_like.html", {"card": card(praise, [], is_liked=is_liked, user=user)})
    wanted = request.POST.get("next", "")
    return redirect(
        f"{wanted}#praise-{pk}" if wanted.startswith(reverse("likes:wall")) and "//" not in wanted else here
    )


@posted_from("likes:detail", "pk")
@login_required
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    praise = _readable(request, pk)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _page(request, praise, form, 400)
    try:
        said = actions.comment(
            pk, form.cleaned_data["text"], by=caller(request), parent_id=form.cleaned_data["parent"]
        )
    except Refusal as refusal:
        form.add_error("text", refusal.detail)
        return _page(request, praise, form, 409)
    if not said.is_visible:
        messages.info(request, _("Sent. It appears as soon as staff have looked at it."))
    return redirect(reverse("likes:detail", args=[pk]) + f"#comment-{said.pk}")


@posted_from("likes:wall")
@login_required
def delete_comment(request: HttpRequest, pk: int) -> HttpResponse:
    said = get_object_or_404(Comment, pk=pk, author=caller(request))
    actions.delete_comment(pk, by=caller(request))
    messages.success(request, _("Your comment is gone."))
    return redirect("likes:detail", said.praise_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest, pk: int) -> HttpResponse:
    """The praised neighbour decides how they appear."""
    me = caller(request)
    praise = get_object_or_404(
        Praise.objects.select_related("author", "resident"), pk=pk, resident=me, withdrawn_at=None
    )
    if request.method == "POST":
        try:
            actions.answer_consent(pk, request.POST.get("choice", ""), by=me)
        except Refusal as refusal:
            messages.warning(request, refusal.detail)
        else:
            messages.success(request, _("Saved. Every page follows at once."))
        return redirect("likes:consent", pk)
    choices = [
        ("public", _("With my name"), _("Everybody reads your nickname.")),
        ("anonymous", _("Without my name"), _("It says “a neighbour”.")),
        ("refused", _("Not at all"), _("The praise is taken off the wall.")),
    ]
    return render(request, "likes/consent.html", {"praise": praise, "choices": choices})


@require_safe
def honours(request: HttpRequest) -> HttpResponse:
    """The rolls of the last months, by community; no ranks, no numbers."""
    rows = Honour.objects.select_related(
        "area", "praise__author", "praise__area", "praise__resident", "praise__organization"
    )
    shown = rows.filter(praise__withdrawn_at=None, praise__is_visible=True).order_by("-month", "area__path", "pk")
    return render(request, "likes/honours.html", {"honours": shown[: MONTHS * 20]})


@require_safe
def share_card(request: HttpRequest, pk: int) -> HttpResponse:
    """A picture to send on, with a QR code. It is asked for anew each time and drawn when what it shows has changed.

    So a consent taken back shows in the next answer, here and in every cache on the way.
    """
    praise = get_object_or_404(Praise.objects.visible_to().select_related("resident", "organization", "author"), pk=pk)
    address = request.build_absolute_uri(reverse("likes:detail", args=[pk]))
    etag = f'"{fingerprint(praise, address)}"'
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        kept_picture(praise, address), content_type="image/png"
    )
    response["ETag"], response["Cache-Control"] = etag, "public, no-cache"
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response
