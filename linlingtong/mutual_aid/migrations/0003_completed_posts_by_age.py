from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("mutual_aid", "0002_each_claim_is_confirmed_on_its_own")]

    operations = [
        AddIndexConcurrently(
            model_name="helppost",
            index=models.Index(
                condition=models.Q(("state", "completed")), fields=["-ended_at", "-id"], name="help_completed"
            ),
        ),
        AddIndexConcurrently(
            model_name="helppost",
            index=models.Index(
                condition=models.Q(("state", "completed"), models.Q(("thanks", ""), _negated=True)),
                fields=["-ended_at"],
                name="help_thanked",
            ),
        ),
    ]
