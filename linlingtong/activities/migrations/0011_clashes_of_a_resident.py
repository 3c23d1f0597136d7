from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("activities", "0010_no_index_twice")]

    operations = [
        AddIndexConcurrently(
            "registration",
            models.Index(
                fields=["resident"], condition=models.Q(("clash_flagged", True)), name="clashes_of_a_resident"
            ),
        )
    ]
