from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linlingtong.delivery.models import DevelopmentMessage

SHOWN = 50


@require_safe
@never_cache
def developer_inbox(request: HttpRequest) -> HttpResponse:
    """The newest texts that a development installation would have sent; does not exist anywhere else."""
    if not getattr(settings, "DEVELOPER_INBOX", False):
        raise Http404
    messages = DevelopmentMessage.objects.order_by("-sent_at", "-pk")[:SHOWN]
    return render(request, "delivery/developer_inbox.html", {"development_messages": messages})
