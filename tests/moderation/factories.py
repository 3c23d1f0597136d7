from typing import Any

import factory as factory_boy
from factory.django import DjangoModelFactory

from linlingtong.moderation.models import Word

factory: Any = factory_boy  # its own annotations are incomplete


class WordFactory(DjangoModelFactory[Word]):
    class Meta:
        model = Word

    text = factory.Sequence("坏词{}".format)
