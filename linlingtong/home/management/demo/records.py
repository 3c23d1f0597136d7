"""Offline activities from two sheets of names, one written and one waiting, and what people said afterwards."""

import datetime as dt
import io
import random
from typing import Any

from django.utils import timezone
from openpyxl import Workbook

from linlingtong.activities.actions import importing
from linlingtong.activities.models import Activity, Rating, Registration, Review
from linlingtong.core.time import today
from linlingtong.home.management.demo.people import People, Place

HEADINGS = ["序号", "姓名", "联系电话", "活动名称", "活动时间", "服务时长（小时）", "地点"]
NAMES = [
    "沈国强",
    "周桂芳",
    "吴建平",
    "郑丽娟",
    "王海波",
    "冯秀兰",
    "陈志明",
    "褚小燕",
    "卫东升",
    "蒋玉梅",
    "韩立新",
    "杨春花",
    "朱文斌",
    "秦雪琴",
    "许家乐",
    "何水根",
]
STORIES = (
    "人来得比上次多一半，最小的七岁，最大的七十三岁。活儿干完，大家坐下来喝了口热水才散。下个月再去。",
    "天有点凉，大家动作却快，原定的事提前半小时做完了。隔壁楼的邻居也过来搭了把手。",
    "下班后赶来的师傅占了一半。有人第一次参加，走的时候问下次是哪天。我们会提前一周发通知。",
    "谢谢带孩子来的几位家长，孩子们比大人还认真。照片洗出来会贴在社区公告栏。",
    "缺了两副手套，附近的店老板送来一整包。东西已经还清，人情记在心里。",
)
THANKS = ("谢谢大家，天冷还来！", "有你们真好，下次见。", "辛苦了，回家记得喝口热水。")
LINES = ("很好，下次还来。", "时间可以再晚一点，刚下班赶不上。", "师傅很耐心。", "希望多办几次。", "", "", "")
REVIEWED = 18


def add_records(place: Place, people: People, chance: random.Random) -> None:
    """The written sheet is of service fairs, so that the headline figures of volunteering stay as they are."""
    staff, area = people.community_staff, place.communities[0]
    written = importing.upload(
        _sheet(_fairs()), "红色市集签到表（9月）.xlsx", by=staff, area=area, kind=Activity.Kind.MARKET,
        evidence="纸质签到表一份，社区办公室档案柜。",
    )  # fmt: skip
    importing.apply_now(written.pk, by=staff)
    importing.upload(
        _sheet(_patrols(people)), "平安巡防志愿者名单.xlsx", by=staff, area=area, evidence="微信群接龙截图和纸质签到。"
    )
    _look_back(chance)


def _sheet(lines: list[list[Any]]) -> io.BytesIO:
    book = Workbook()
    page: Any = book.active
    page.title = "签到表"
    page.append(["高新社区活动签到表"])
    page.append(HEADINGS)
    for number, line in enumerate(lines, start=1):
        page.append([number, *line])
    page.append(["合计", None, None, None, None, None, None])
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


def _fairs() -> list[list[Any]]:
    days = [today() - dt.timedelta(days=days) for days in (60, 46)]
    return [
        [
            name,
            19911110000 + at if at % 3 else None,
            "红色市集进宿舍",
            f"{day:%Y年%m月%d日} 18:00-20:00",
            2,
            "职工宿舍“微驿站”",
        ]
        for day in days
        for at, name in enumerate(NAMES)
    ]


def _patrols(people: People) -> list[list[Any]]:
    """What a real sheet is like: known neighbours, strangers, a repeat, a cut number, a day to come."""
    day, name, place = today() - dt.timedelta(days=12), "夜间平安巡防", "第 7 网格"
    known = [(one.phone or "").removeprefix("+86") for one in people.residents[40:52]]
    lines: list[list[Any]] = [[who, phone, name, day, 2, place] for who, phone in zip(NAMES, known, strict=False)]
    when = f"{day:%Y.%m.%d}"
    lines += [[who, 19911120000 + at, name, when, "90分钟", place] for at, who in enumerate(NAMES[12:], start=1)]
    return [
        *lines,
        [NAMES[0], known[0], name, day, 2, place],
        ["金师傅", "1.99E+10", name, when, 2, place],
        ["魏阿姨", "1991112", name, when, 2, place],
        ["陶大姐", None, name, when, 2, place],
        ["姜小妹", 19911120020, name, f"{today() + dt.timedelta(days=40):%Y-%m-%d}", 2, place],
        ["戚师傅", 19911120021, name, when, 20, place],
    ]


def _look_back(chance: random.Random) -> None:
    """The latest activities have a story, thanks and ratings of some of those who were there."""
    now = timezone.now()
    latest = Activity.objects.filter(
        status=Activity.Status.FINISHED, sessions__registrations__attendance="checked_out"
    )
    chosen = list(latest.order_by("-starts_at").distinct()[:REVIEWED])
    reviews = [
        Review(
            activity=one, story=STORIES[at % len(STORIES)], thanks=THANKS[at % len(THANKS)], thanked_at=one.ends_at,
            by=one.leader, written_at=min(now, _ended(one) + dt.timedelta(hours=20)),
        )
        for at, one in enumerate(chosen)
    ]  # fmt: skip
    Review.objects.bulk_create(reviews)
    Rating.objects.bulk_create(_ratings(chosen, chance))


def _ratings(chosen: list[Activity], chance: random.Random) -> list[Rating]:
    rows = Registration.objects.filter(session__activity__in=chosen, attendance="checked_out").order_by("pk")
    by_key = {one.pk: one for one in chosen}
    pairs = sorted({(activity, person) for activity, person in rows.values_list("session__activity", "resident")})
    return [
        Rating(
            activity_id=activity, resident_id=person, stars=chance.choice((5, 5, 5, 4, 4, 3)),
            text=chance.choice(LINES), created_at=_ended(by_key[activity]) + dt.timedelta(hours=chance.randint(1, 40)),
        )
        for activity, person in pairs
        if chance.random() < 0.6
    ]  # fmt: skip


def _ended(activity: Activity) -> dt.datetime:
    return activity.ends_at or timezone.now()
