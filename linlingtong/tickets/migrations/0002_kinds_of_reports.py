from django.db import migrations

KINDS = [
    ("road", "路面井盖", "坑洼、井盖松动、台阶破损", "tools", "grid", 4, 5),
    ("light", "路灯照明", "路灯不亮、楼道灯坏了", "bulb", "grid", 4, 3),
    ("waste", "垃圾卫生", "垃圾没清、有异味", "trash", "grid", 4, 2),
    ("parking", "乱停乱放", "堵消防通道、乱停电瓶车", "ban", "grid", 4, 2),
    ("noise", "噪音扰民", "施工、广场舞、邻里噪音", "bell", "community", 4, 5),
    ("danger", "安全隐患", "飞线充电、高空坠物", "alert-triangle", "community", 2, 1),
    ("company", "助企诉求", "用工、用电、物流、政策", "briefcase", "subdistrict", 8, 7),
    ("other", "其他", "说不清的也可以写", "help-circle", "community", 8, 7),
]


def lay(apps, schema_editor):  # noqa: ARG001 - Django calls it so
    category = apps.get_model("tickets", "Category")
    names = ("slug", "name", "example", "icon", "level", "accept_hours", "finish_days")
    for position, row in enumerate(KINDS, start=1):
        values = dict(zip(names, row, strict=True))
        category.objects.get_or_create(slug=values.pop("slug"), defaults=values | {"position": position})


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]

    operations = [migrations.RunPython(lay, migrations.RunPython.noop)]
