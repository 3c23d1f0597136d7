from django import template

from linlingtong.core.phone import dialled

register = template.Library()
register.filter("dial", dialled)
