from rest_framework.pagination import CursorPagination


class Pages(CursorPagination):
    """Pages by position, not by number: the thousandth costs what the first does, and no total is counted."""

    page_size = 20
    max_page_size = 100
    page_size_query_param = "page_size"
    ordering = ("id",)
