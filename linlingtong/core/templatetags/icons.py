import functools

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
@functools.lru_cache(maxsize=512)
def icon(name: str, size: str = "") -> SafeString:
    """A symbol of icons.svg; size "lg" or "xl". Always decorative: words stand beside it or label its parent.

    A tag and not a template: a list shows it a hundred times, and including one costs a tenth of a page.
    """
    shape = f"i i-{size}" if size else "i"
    picture = '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>\n'
    return format_html(picture, shape, static("icons.svg"), name)
