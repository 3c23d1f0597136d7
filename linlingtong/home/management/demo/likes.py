"""Praise of the last weeks with drawn pictures, comments, likes and two rolls of honour."""

import datetime as dt
import random
from collections.abc import Iterator

from django.utils import timezone
from PIL import Image, ImageDraw

from linlingtong.accounts.models import User
from linlingtong.core.time import today
from linlingtong.home.management.demo.people import People, Place
from linlingtong.likes.actions.honours import month_bounds
from linlingtong.likes.actions.tidings import asked
from linlingtong.likes.models import PERSON, Comment, Honour, Like, Praise
from linlingtong.moderation.actions import add_clear_cases
from linlingtong.notifications.actions import tell
from linlingtong.photos.actions import draw_in

TEXTS = [
    ("scenery", "下夜班路过江堤，正好赶上杭城第一缕阳光。谢谢昨天来净滩的邻居，滩涂真干净！", "", True),
    (
        "neighbour",
        f"3 号楼楼长{PERSON}，看我晚上回来没热水，拿钥匙陪我等维修师傅到十点。新临江人第一次觉得这里是家。",
        "周*",
        False,
    ),
    ("service", "百姓健身房的灯修好了，报上去第二天就来人，点赞！", "百姓健身房", False),
    ("team", "蓝海志愿队教我们认触电急救，讲得清楚，工友都记住了。", "蓝海志愿队", False),
    ("company", "公司给宿舍装了新空调，还办了生日会，第一次在外地过生日有人唱歌。", "宿舍所在的公司", False),
    ("neighbour", f"孩子放学没人接，{PERSON}帮我看了两个小时，还辅导了作业。", "李*", False),
    ("scenery", "临江湿地的芦苇开了，早上有薄雾，像画一样。", "", True),
    ("service", "居家养老服务中心送来的饭是热的，阿姨还陪我妈聊天。", "居家养老服务中心", False),
    ("neighbour", f"感谢{PERSON}捡到我的工牌，专门送到宿舍门口。", "王*", False),
    ("scenery", "五人制足球场的夕阳，踢完球坐着看了十分钟。", "", True),
    ("team", "守护候鸟的志愿者，周末清晨五点就到了。", "守护候鸟志愿队", True),
    ("service", "便民服务中心的小姑娘，耐心教我用手机交社保。", "便民服务中心", False),
]
COMMENTS = [
    "点赞！",
    "我也遇到过，真的很好。",
    "谢谢分享，明天也去看看。",
    "新临江人报到！",
    "这就是家的感觉。",
    "辛苦了！",
]
AMOUNT, PICTURES = 48, 12
SIZE = (960, 720)


def add_likes(place: Place, people: People, chance: random.Random) -> None:
    praises = _praises(place, people, chance)
    _pictures(praises, chance)
    _likes(praises, people, chance)
    _comments(praises, people, chance)
    _cases(praises)
    tell([asked(one, one.resident) for one in praises if one.resident and one.consent == Praise.Consent.ASKED])
    _honours(place, people, praises)


def _praises(place: Place, people: People, chance: random.Random) -> list[Praise]:
    now = timezone.now()
    rows = []
    for number in range(AMOUNT):
        topic, text, about, _has_picture = TEXTS[number % len(TEXTS)]
        author = people.residents[chance.randint(1, 400)]
        praised, consent = _praised(topic, number, people)
        area = place.communities[chance.choice((0, 0, 1, 2))]
        written = now - dt.timedelta(hours=number * 28 + chance.randint(0, 20))
        rows.append(
            Praise(
                author=author, area=area, area_path=area.path, topic=topic, text=text, consent=consent,
                about="" if praised else about, resident=praised, is_visible=consent != Praise.Consent.REFUSED,
                created_at=written,
            )
        )  # fmt: skip
    return sorted(Praise.objects.bulk_create(sorted(rows, key=lambda one: one.created_at)), key=lambda one: one.pk)


def _praised(topic: str, number: int, people: People) -> tuple[User | None, str]:
    """Registered neighbours in every state of consent; 陈师傅 is asked about the newest."""
    if topic != "neighbour" or number % 3 == 2:
        return None, ""
    if number == 1:
        return people.resident, Praise.Consent.ASKED
    consents = [Praise.Consent.PUBLIC, Praise.Consent.ANONYMOUS, Praise.Consent.PUBLIC, Praise.Consent.REFUSED]
    return people.residents[500 + number], consents[number % len(consents)]


def _pictures(praises: list[Praise], chance: random.Random) -> None:
    wanted = [one for one in reversed(praises) if one.topic in {"scenery", "team"}][:PICTURES]
    for praise in wanted:
        draw_in(
            _dawn(chance), owner=praise.author, subject="praise", subject_id=praise.pk, area_path=praise.area_path,
            is_public=True, alt="江边的日出，近处是芦苇",
        )  # fmt: skip


def _dawn(chance: random.Random) -> Image.Image:
    """A sunrise over the river with reeds, each a little different."""
    width, height = SIZE
    canvas = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(canvas)
    water = int(height * chance.uniform(0.55, 0.68))
    for y in range(height):
        share = y / water if y < water else 1 - (y - water) / (height - water) * 0.6
        draw.line([(0, y), (width, y)], fill=(int(92 + 163 * share), int(96 + 92 * share), int(140 - 20 * share)))
    sun, radius = int(width * chance.uniform(0.3, 0.75)), chance.randint(36, 60)
    draw.ellipse((sun - radius, water - 2 * radius, sun + radius, water), fill=(255, 236, 190))
    draw.rectangle((0, water, width, water + 4), fill=(96, 80, 96))
    for reed in _reeds(chance, width, height):
        draw.line(reed, fill=(38, 34, 44), width=5)
        (x, y) = reed[1]
        draw.ellipse((x - 6, y - 34, x + 6, y), fill=(52, 38, 40))
    return canvas


def _reeds(chance: random.Random, width: int, height: int) -> Iterator[list[tuple[int, int]]]:
    for _ in range(chance.randint(5, 9)):
        foot = chance.randint(0, width)
        yield [(foot, height), (foot + chance.randint(-50, 50), height - chance.randint(140, 300))]


def _likes(praises: list[Praise], people: People, chance: random.Random) -> None:
    now, rows = timezone.now(), []
    for praise in praises:
        crowd = chance.sample(range(len(people.residents)), chance.randint(6, 130))
        for at in crowd:
            when = min(praise.created_at + dt.timedelta(minutes=chance.randint(1, 2000)), now)
            rows.append(Like(praise=praise, resident=people.residents[at], created_at=when))
        praise.like_count = praise.likes_told = len(crowd)
    Like.objects.bulk_create(rows, batch_size=2000)
    Praise.objects.bulk_update(praises, ["like_count", "likes_told"])


def _comments(praises: list[Praise], people: People, chance: random.Random) -> None:
    rows = []
    for praise in praises:
        for _ in range(chance.randint(0, 5)):
            when = praise.created_at + dt.timedelta(minutes=chance.randint(5, 600))
            author = people.residents[chance.randint(1, 400)]
            rows.append(
                Comment(praise=praise, author=author, text=chance.choice(COMMENTS), is_visible=True, created_at=when)
            )
            praise.comment_count += 1
    Comment.objects.bulk_create(rows)
    Praise.objects.bulk_update(praises, ["comment_count"])
    add_clear_cases([(
        "praise_comment", one.pk, one.author_id, one.praise.area_path, one.text, one.created_at
    ) for one in rows])  # fmt: skip


def _cases(praises: list[Praise]) -> None:
    add_clear_cases([(
        "praise", one.pk, one.author_id, one.area_path, one.shown_text, one.created_at
    ) for one in praises if one.is_visible])  # fmt: skip


def _honours(place: Place, people: People, praises: list[Praise]) -> None:
    """The rolls of the last two months that are over, as far as something was praised in them."""
    rows, community = [], place.communities[0]
    month = today().replace(day=1)
    for _ in range(2):
        month = (month - dt.timedelta(days=1)).replace(day=1)
        start, end = month_bounds(month)
        fitting = [
            one for one in praises if start <= one.created_at < end and one.area_id == community.pk and one.is_visible
        ]
        rows += [
            Honour(
                area=community, month=month, praise=one, reason="邻居们的共同推荐", by=people.community_staff,
                published_at=end + dt.timedelta(days=2),
            )
            for one in fitting[:4]
        ]  # fmt: skip
    Honour.objects.bulk_create(rows)
