from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import F, Func, GeneratedField, TextField, Value
from django.db.models.functions import Coalesce, Concat

LONGEST_QUERY = 64


class Bigrams(Func):
    """The `bigram_vector(text)` function of the database: a text's pairs of neighbouring characters, searchable."""

    function = "bigram_vector"
    output_field = SearchVectorField()


class BigramQuery(SearchQuery):
    """The `bigram_query(text)` function of the database: matches texts that contain every word of the query."""

    def __init__(self, text: str) -> None:
        super().__init__(Value(text))
        self.function = "bigram_query"


def bigram_field(*fields: str) -> GeneratedField:
    """A stored column over which `matching` finds Chinese words of any length by index."""
    joined = [part for name in fields for part in (Coalesce(F(name), Value("")), Value(" "))]
    return GeneratedField(
        expression=Bigrams(Concat(*joined, output_field=TextField())),
        output_field=SearchVectorField(),
        db_persist=True,
    )


def matching(text: str) -> BigramQuery:
    """The right side of `filter(search=matching(q))`; only the first 64 characters count."""
    return BigramQuery(text.replace("\x00", "")[:LONGEST_QUERY])
