"""A new database knows no area: whoever was made at the command line can begin, and no page breaks before that."""

import pytest
from django.contrib import admin
from django.test import Client

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
ADD = "/admin/areas/area/add/"
SUBDISTRICT = {"name": "临江街道", "slug": "linjiang", "level": "subdistrict", "is_active": "on"}
COMMUNITY = {"name": "高新社区", "slug": "gaoxin", "level": "community", "is_active": "on"}


@pytest.fixture
def boss(client: Client) -> Client:
    assert not Area.objects.exists()
    client.force_login(User.objects.create_superuser("+8619900000077"))
    return client


def test_the_tree_is_planted_in_the_admin(boss: Client) -> None:
    assert boss.get("/admin/").status_code == 200
    page = boss.post(ADD, COMMUNITY)
    assert "高新社区" in page.content.decode()
    assert page.context["adminform"].form.errors
    assert boss.post(ADD, SUBDISTRICT).status_code == 302
    root = Area.objects.get()
    assert root.path == f"/{root.pk}/"
    assert boss.post(ADD, COMMUNITY | {"parent": root.pk}).status_code == 302
    assert Area.objects.get(slug="gaoxin").path.startswith(root.path)


def test_a_second_root_is_refused(boss: Client) -> None:
    boss.post(ADD, SUBDISTRICT)
    page = boss.post(ADD, SUBDISTRICT | {"name": "前进街道", "slug": "qianjin"})
    assert "parent" in page.context["adminform"].form.errors
    assert Area.objects.count() == 1


def test_every_list_of_staff_opens_before_there_is_an_area(boss: Client) -> None:
    lists = [f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry]
    assert {path: status for path in lists if (status := boss.get(path).status_code) >= 400} == {}


@pytest.mark.parametrize("who", ["nobody", "resident"])
def test_the_boards_open_before_there_is_an_area(client: Client, who: str) -> None:
    if who == "resident":
        client.force_login(UserFactory.create(home_area=None))
    paths = ("/", "/activities/", "/help/", "/praise/", "/tools/", "/tools/report/", "/tools/pitch/", "/search/?q=x")
    assert {path: status for path in paths if (status := client.get(path, follow=True).status_code) >= 400} == {}
