from typing import Any

from django.db import migrations

# The common national scale; staff change it where theirs differs.
HOURS = (100, 300, 600, 1000, 1500)


def add(apps: Any, _schema: Any) -> None:
    issuer = apps.get_model("volunteering", "Issuer").objects.create(name="临灵通志愿服务")
    levels = apps.get_model("volunteering", "StarLevel").objects
    levels.bulk_create([levels.model(issuer=issuer, stars=at, hours=hours) for at, hours in enumerate(HOURS, 1)])


class Migration(migrations.Migration):
    dependencies = [("volunteering", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
