from django import template

from linlingtong.core.phone import dialled, in_groups

register = template.Library()
register.filter("dial", dialled)
register.filter("in_groups", in_groups)
