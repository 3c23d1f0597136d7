import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import Case, Expression, F, Func, GeneratedField, TextField, Value, When
from django.db.models.functions import Coalesce, Concat

LONGEST_QUERY = 64
# People ask a search as they would ask a neighbour; what they ask about is between these words.
ASKING = re.compile(
    r"请问|怎么(?:办理?|做|用|领|约|预约|报名)?|怎样|如何|在哪(?:里|儿)?|哪(?:里|儿)|什么时候|[吗呢]?[?？]"
)


@dataclass(frozen=True)
class Found:
    """One result of a search over every board: what it is, where it is and a line of it."""

    type: str
    id: int
    title: str
    excerpt: str
    url: str
    icon: str = "search"


class Bigrams(Func):
    """The `bigram_vector(text)` function of the database: a text's pairs of neighbouring characters, searchable."""

    function = "bigram_vector"
    output_field = SearchVectorField()


class BigramQuery(SearchQuery):
    """The `bigram_query(text)` function of the database: matches texts that contain every word of the query."""

    def __init__(self, text: str) -> None:
        super().__init__(Value(text))
        self.function = "bigram_query"


def bigram_field(*parts: str | Expression) -> GeneratedField:
    """A stored column over which `matching` finds Chinese words of any length by index.

    Its text is made of columns, by name, and of expressions over them.
    """
    texts = [
        Coalesce(F(part), Value(""), output_field=TextField()) if isinstance(part, str) else part for part in parts
    ]
    joined = [piece for text in texts for piece in (text, Value(" ", output_field=TextField()))]
    return GeneratedField(
        expression=Bigrams(Concat(*joined, output_field=TextField())),
        output_field=SearchVectorField(),
        db_persist=True,
    )


def words_for(column: str, words: Mapping[str, str]) -> Case:
    """What people call the choice that stands in the column, so that they find rows by it."""
    whens = [When(**{column: choice}, then=Value(said)) for choice, said in words.items()]
    return Case(*whens, default=Value(""), output_field=TextField())


def matching(text: str) -> BigramQuery:
    """The right side of `filter(search=matching(q))`; only the first 64 characters count, words of asking do not."""
    text = text.replace("\x00", "")[:LONGEST_QUERY]
    return BigramQuery(ASKING.sub(" ", text).strip() or text)
