"""Wishes, requests and offers in every state; people, numbers and doors are made up."""

import datetime as dt
import random
from typing import Any

from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core.time import at, today
from linlingtong.home.management.demo.people import People, Place, next_ids
from linlingtong.moderation.actions import add_clear_cases, add_waiting_case
from linlingtong.mutual_aid.models import Claim, ContactReveal, HelpEvent, HelpPost

State, Type, What = HelpPost.State, HelpPost.Type, HelpEvent.What
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)

# Each with kind, title, text, surname, how to call them, yuan and minutes.
WISHES = [
    ("thing", "想要一盏护眼台灯，孩子晚上写作业用", "二手的也可以，希望 100 元以内。", "李", "family", 100, None),
    ("elder", "帮外婆把手机字调大、学会视频通话", "外婆想每周和外孙视频一次，教会就行。", "章", "grandma", None, 60),
    ("child", "给托育班讲一次绘本故事", "婴幼儿成长驿站，十个孩子，讲两本就好。", "驿", "neighbour", None, 60),
    ("thing", "想要一双防滑的雨鞋", "38 码，买菜路上滑。", "吴", "grandma", 60, None),
    ("thing", "一副老花镜", "三百度，看报用。", "沈", "grandpa", 50, None),
    ("child", "想有一个自己的足球", "放学去佳苑西边的球场踢。", "赵", "child", 80, None),
    ("elder", "想有人陪着去安舒医院看老伙计", "坐公交两站路，想有个人搭把手。", "周", "grandpa", None, 120),
    ("thing", "一只保温饭盒", "上夜班带饭，食堂那会儿关了。", "何", "master", 90, None),
    ("repair", "阳台的灯想换成声控的", "摸黑找开关摔过一次。", "钱", "grandma", 60, 60),
]
FULFILLED = [
    ("thing", "一本新华字典", "孩子上一年级了。", "child", 30),
    ("thing", "一条毛毯", "宿舍夜里凉。", "master", 120),
    ("elder", "想拍一张全家福", "老两口结婚五十年。", "grandpa", None),
    ("thing", "一辆二手的学步车", "用几个月就还给下一家。", "family", 100),
    ("thing", "一个收音机", "听越剧用。", "grandma", 80),
    ("child", "想有人教下象棋", "周末下午。", "child", None),
    ("thing", "一套水彩笔", "画晨光下的钱塘江。", "child", 40),
    ("elder", "想理一次发", "腿脚不便，下不了楼。", "grandma", None),
]
REQUESTS = [
    (
        "elder",
        "周六上午请人陪奶奶去临江卫生中心复查",
        "奶奶 81 岁，走得慢，需要一个人陪着挂号、取药，大约 3 小时。",
        180,
    ),
    ("repair", "宿舍灯管坏了三天，想学着自己换", "有梯子，没换过，怕电。", 30),
    ("errand", "夜班出不来，想请人代收一个大件快递", "驿站晚上八点关门。", 30),
    ("child", "周三下午代接一年级孩子，一个小时", "临江小学门口，送到三号楼。", 60),
    ("repair", "水龙头漏水，师傅下周才来，先帮看看", "拧紧了还是滴。", 40),
    ("skill", "想请人帮改一份简历", "找质检的工作，学历是中专。", 60),
    ("errand", "搬一张书桌下楼，四楼没电梯", "两个人抬，十分钟的事。", 30),
    ("thing", "借一把电钻，装个窗帘杆", "当天还。", None),
    ("elder", "想请人教爷爷用健康码和挂号", "学会截图就行。", 60),
    ("other", "出差三天，请人帮忙喂猫", "猫很乖，每天一次。", 60),
]
OFFERS = [
    ("skill", "【蓝海计划·技能关爱】电焊体验课，零基础能来", "培训学校的老师带，穿长袖。", 12),
    ("other", "【蓝海计划·就业关爱】高科园企业岗位一对一推荐", "带上简历，帮你看看适合哪家。", 20),
    ("elder", "【蓝海计划·健康关爱】卫生中心医生上门量血压", "腿脚不便的老人优先。", 10),
    ("other", "【蓝海计划·人文关爱】困难家庭慰问登记", "慈善分会，信息只给工作人员看。", 20),
    ("child", "【蓝海计划·育儿关爱】新手爸妈的喂养咨询", "教育机构的老师，每次半小时。", 8),
    ("repair", "周末可以帮邻居修自行车、电瓶车", "带工具，换件另算。", 3),
    ("skill", "会剪头发，周日下午给老人免费剪", "退休前在理发店干了二十年。", 6),
    ("thing", "九成新婴儿推车送给需要的邻居", "自己来搬。", 1),
    ("thing", "小学一到三年级的课外书，一箱", "孩子大了，看完再传下去。", 1),
    ("errand", "顺路拼车去高新园区，早上七点", "还能坐两个人。", 2),
]
LOCK = "师傅把我家门锁修好了，还教我怎么上油，一口水都没喝就走了。"
THANKS = {
    "elder": (
        "老人家一路夸你耐心，说比自家孩子还细心。",
        "扶上扶下的，一点没嫌慢，谢谢你。",
        "回来高兴了好几天，逢人就说起你。",
    ),
    "child": ("孩子问什么时候再来，今天都不肯睡。", "教得真好，孩子当晚就练了两遍。"),
    "thing": ("东西收到了，比想的还新，谢谢你。", "用上了，正合适。", "社工转交的时候还热乎着，谢谢有心人。"),
    "repair": ("手把手教会了我，下次自己也能修。", "没想到当天晚上就有人来，现在一滴都不漏了。"),
    "errand": ("下了夜班东西就在门口，谢谢邻居。", "两个人一抬就下楼了，连水都没喝一口。"),
    "skill": ("改完第二天就接到面试电话，谢谢你。", "讲得清楚，我照着又做了一遍。"),
    "other": ("没想到这么快就有人应，谢谢邻居。", "出门在外心里踏实多了。"),
}
FINISHED_WISHES = 214


class Aid:
    """Posts with their claims and events, collected first and written in bulk."""

    def __init__(self, place: Place, people: People, chance: random.Random) -> None:
        self.place, self.people, self.chance = place, people, chance
        self.now = timezone.now()
        self.posts: list[HelpPost] = []
        self.claims: list[Claim] = []
        self.events: list[HelpEvent] = []
        self.reveals: list[ContactReveal] = []
        amount = FINISHED_WISHES + 300
        self.post_ids, self.claim_ids = iter(next_ids(HelpPost, amount)), iter(next_ids(Claim, amount))

    def somebody(self, *others: User) -> User:
        """A resident who is nobody of these, nor the one whom visitors sign in as."""
        while True:
            person: User = self.chance.choice(self.people.residents[1:])
            if person not in others:
                return person

    def area_of(self, person: User) -> Area:
        home = person.home_area
        return home if home and home.parent_id else self.place.communities[0]

    def post(self, author: User, type_: str, state: str, age: dt.timedelta, **facts: Any) -> HelpPost:
        area = facts.pop("area", None) or self.area_of(author)
        span = 30 * DAY if type_ == Type.WISH else 7 * DAY
        written = self.now - age
        post = HelpPost(
            pk=next(self.post_ids), author=author, type=type_, state=state, area=area, area_path=area.path,
            is_visible=True, is_through_desk=type_ == Type.WISH, created_at=written, opened_at=written,
            moved_at=written, expires_at=written + span, **facts,
        )  # fmt: skip
        if state in (State.OPEN, State.OFFERED) and post.expires_at and post.expires_at < self.now + DAY:
            post.expires_at = self.now + 5 * DAY
        self.posts.append(post)
        first = State.PENDING_REVIEW if type_ == Type.WISH else State.OPEN
        self.event(post, What.SENT, "", State.DRAFT if state == State.DRAFT else first, written, author)
        if type_ == Type.WISH and state not in (State.PENDING_REVIEW, State.DRAFT, State.REJECTED):
            desk = self.people.community_staff
            self.event(post, What.VERIFIED, State.PENDING_REVIEW, State.OPEN, written + 3 * HOUR, desk)
        return post

    def event(self, post: HelpPost, what: str, from_state: str, to: str, *when_who: Any) -> None:
        moment, by = min(when_who[0], self.now), when_who[1]
        self.events.append(
            HelpEvent(post=post, by=by, what=what, from_state=from_state, to_state=to, at=moment, reason=post.reason)
        )
        post.moved_at = moment

    def help(self, post: HelpPost, helper: User, state: str, *, was_in_touch: bool) -> Claim:
        """One accepted (or earlier) helper, with what led there."""
        claimed = min(post.created_at + self.chance.randint(4, 30) * HOUR, self.now - HOUR)
        held = state not in (Claim.State.APPLIED, Claim.State.DECLINED)
        claim = Claim(
            pk=next(self.claim_ids), post=post, helper=helper, state=state, created_at=claimed,
            seat=post.taken + 1 if held else None, accepted_at=claimed if held else None,
            contact_until=claimed + (7 * DAY if post.type == Type.WISH else DAY) if held else None,
            contacted_at=claimed + HOUR if was_in_touch else None,
        )  # fmt: skip
        self.claims.append(claim)
        if state in (Claim.State.ACCEPTED, Claim.State.DONE, Claim.State.COMPLETED):
            post.taken += 1
            to = State.CLAIMED if post.taken == post.helpers_needed else State.OPEN
            self.event(post, What.CLAIMED, State.OPEN, to, claimed, helper)
            self.events[-1].claim = claim
        if was_in_touch:
            self.event(post, What.CONTACT, State.CLAIMED, State.IN_PROGRESS, claimed + HOUR, helper)
            self.reveals.append(ContactReveal(claim=claim, viewer=helper, owner=post.author, at=claimed + HOUR))
        return claim

    def finish(self, post: HelpPost, helper: User, thanks: str = "") -> None:
        """Done, confirmed by both sides."""
        claim = self.help(post, helper, Claim.State.COMPLETED, was_in_touch=True)
        end = min(claim.created_at + 2 * DAY, self.now - HOUR)
        if post.type == Type.WISH:
            post.received_at = post.delivered_at = end - 2 * HOUR
        self.event(post, What.DONE, State.IN_PROGRESS, State.AWAITING_CONFIRM, end - HOUR, helper)
        self.event(post, What.COMPLETED, State.AWAITING_CONFIRM, State.COMPLETED, end, post.author)
        claim.done_at = claim.ended_at = post.ended_at = claim.asker_done_at = end
        claim.minutes, post.thanks = post.minutes, thanks

    def write(self) -> None:
        HelpPost.objects.bulk_create(self.posts, batch_size=500)
        Claim.objects.bulk_create(self.claims, batch_size=500)
        HelpEvent.objects.bulk_create(self.events, batch_size=1000)
        ContactReveal.objects.bulk_create(self.reveals, batch_size=500)
        add_clear_cases(
            [("help_post", p.pk, p.author_id, p.area_path, p.title, p.created_at) for p in self.posts if p.is_visible]
        )


def add_mutual_aid(place: Place, people: People, chance: random.Random) -> None:
    """The board as it looks on an ordinary day: 9 open wishes, requests and offers in every state, 214 wishes met."""
    aid = Aid(place, people, chance)
    _open_wishes(aid)
    _wishes_under_way(aid)
    _fulfilled(aid)
    _requests(aid)
    _offers(aid)
    _of_the_resident(aid)
    held = aid.posts[-1]
    held.is_visible = False
    aid.write()
    add_waiting_case("help_post", held.pk, author=held.author, area_path=held.area_path, text=held.title)


def _open_wishes(aid: Aid) -> None:
    for number, (kind, title, text, surname, person, yuan, minutes) in enumerate(WISHES):
        community = aid.place.communities[number % 3]
        author = aid.people.community_staff if number % 4 == 3 else aid.somebody()
        aid.post(
            author, Type.WISH, State.OPEN, (1 + number) * DAY, kind=kind, title=title, text=text, surname=surname,
            person=person, budget_cap=yuan, minutes=minutes, area=community,
            is_on_behalf=author is aid.people.community_staff,
        )  # fmt: skip


def _wishes_under_way(aid: Aid) -> None:
    states = (State.CLAIMED, State.IN_PROGRESS, State.AWAITING_CONFIRM, State.PENDING_REVIEW, State.PENDING_REVIEW,
              State.DRAFT, State.REJECTED, State.WITHDRAWN, State.EXPIRED)  # fmt: skip
    for number, state in enumerate(states):
        kind, title, text, person, yuan = FULFILLED[number % len(FULFILLED)]
        author = aid.somebody()
        post = aid.post(
            author, Type.WISH, state, (2 + number) * DAY, kind=kind, title=title, text=text, person=person,
            surname=aid.chance.choice("王陈林孙"), budget_cap=yuan, area=aid.place.communities[number % 3],
        )  # fmt: skip
        _bring_to(aid, post, state)


def _bring_to(aid: Aid, post: HelpPost, state: str) -> None:
    """The helpers and moments that belong to the state."""
    helper = aid.somebody(post.author)
    if state == State.CLAIMED:
        aid.help(post, helper, Claim.State.ACCEPTED, was_in_touch=False).contact_until = aid.now + 20 * HOUR
    elif state in (State.IN_PROGRESS, State.DISPUTED):
        aid.help(post, helper, Claim.State.ACCEPTED, was_in_touch=True)
    elif state == State.AWAITING_CONFIRM:
        claim = aid.help(post, helper, Claim.State.DONE, was_in_touch=True)
        claim.done_at = aid.now - 5 * HOUR
        aid.event(post, What.DONE, State.IN_PROGRESS, State.AWAITING_CONFIRM, claim.done_at, helper)
    elif state == State.OFFERED:
        for _ in range(2):
            aid.help(post, aid.somebody(post.author, helper), Claim.State.APPLIED, was_in_touch=False)
    elif state == State.COMPLETED:
        aid.finish(post, helper, aid.chance.choice(THANKS[post.kind]))
    else:
        _end(aid, post, state)
    if state == State.DISPUTED:
        post.reason = "约好的时间没有人在家"
        aid.event(post, What.DISPUTED, State.IN_PROGRESS, State.DISPUTED, aid.now - 3 * HOUR, helper)
        post.reason = ""


def _end(aid: Aid, post: HelpPost, state: str) -> None:
    ends = {State.WITHDRAWN: What.WITHDRAWN, State.EXPIRED: What.EXPIRED, State.REJECTED: What.REJECTED}
    if state not in ends:
        return
    start = State.PENDING_REVIEW if state == State.REJECTED else State.OPEN
    post.reason = "心愿不能是现金，可以换成一样东西" if state == State.REJECTED else ""
    aid.event(post, ends[State(state)], start, state, aid.now - 6 * HOUR, None)
    post.ended_at = post.moved_at


def _fulfilled(aid: Aid) -> None:
    for number in range(FINISHED_WISHES):
        kind, title, text, person, yuan = FULFILLED[number % len(FULFILLED)]
        author = aid.somebody()
        post = aid.post(
            author, Type.WISH, State.COMPLETED, (12 + number) * DAY, kind=kind, title=title, text=text, person=person,
            surname=aid.chance.choice("王陈林孙李周吴郑"), budget_cap=yuan, area=aid.place.communities[number % 3],
        )  # fmt: skip
        aid.finish(post, aid.somebody(author), aid.chance.choice(THANKS[kind]) if number % 9 == 0 else "")


def _requests(aid: Aid) -> None:
    states = (State.OPEN, State.CLAIMED, State.OPEN, State.OPEN, State.OFFERED, State.OPEN, State.IN_PROGRESS,
              State.AWAITING_CONFIRM, State.COMPLETED, State.DISPUTED, State.EXPIRED, State.WITHDRAWN)  # fmt: skip
    for number in range(30):
        kind, title, text, minutes = REQUESTS[number % len(REQUESTS)]
        state = State.COMPLETED if number >= 12 else states[number]
        age = (number % 5 + 1) * DAY if number < 12 else (10 + number * 2) * DAY
        author = aid.somebody()
        post = aid.post(
            author, Type.REQUEST, state, age, kind=kind, title=title, text=text, minutes=minutes,
            lets_choose=state == State.OFFERED, helpers_needed=2 if state == State.OPEN and "搬" in title else 1,
        )  # fmt: skip
        if number == 0:
            post.needed_at, post.expires_at = _tomorrow(8), _tomorrow(8)
            post.urgency, post.surname, post.person = HelpPost.Urgency.NORMAL, "周", HelpPost.Person.FAMILY
        _bring_to(aid, post, state)


def _tomorrow(hour: int) -> dt.datetime:
    return at(today() + DAY, dt.time(hour))


def _offers(aid: Aid) -> None:
    for number, (kind, title, text, places) in enumerate(OFFERS):
        author = aid.people.community_staff if title.startswith("【") else aid.somebody()
        area = aid.place.communities[0] if title.startswith("【") else None
        post = aid.post(
            author, Type.OFFER, State.OPEN, (number % 5 + 1) * DAY, kind=kind, title=title, text=text,
            helpers_needed=places, minutes=None if kind == "thing" else 60, area=area, is_paused=number == 9,
        )  # fmt: skip
        for _ in range(min(places - 1, number % 3)):
            aid.help(post, aid.somebody(author), Claim.State.ACCEPTED, was_in_touch=True)
        # a place that is still free leaves the offer open
        post.state = State.OPEN


def _of_the_resident(aid: Aid) -> None:
    """What the resident whom visitors sign in as gave and asked."""
    me = aid.people.resident
    author = aid.somebody()
    lock = aid.post(author, Type.REQUEST, State.COMPLETED, 20 * DAY, kind="repair", title="门锁打不开了，想请人看看",
                    text="钥匙能进，拧不动。", minutes=60)  # fmt: skip
    aid.finish(lock, me, LOCK)
    story = aid.post(
        aid.people.community_staff, Type.WISH, State.IN_PROGRESS, 6 * DAY, kind="child", minutes=60,
        title="给暑托班的孩子讲一次绘本故事", text="婴幼儿成长驿站，十个孩子。", surname="童", person="neighbour",
        is_on_behalf=True, area=aid.place.communities[0], needed_at=at(today() + 4 * DAY, dt.time(16)),
    )  # fmt: skip
    aid.help(story, me, Claim.State.ACCEPTED, was_in_touch=True)
    aid.post(me, Type.REQUEST, State.OPEN, DAY, kind="errand", title="周日搬一个衣柜上三楼，缺一把手",
             text="有推车，电梯进不去。", minutes=60, helpers_needed=2)  # fmt: skip
    aid.post(aid.somebody(me), Type.REQUEST, State.OPEN, 2 * HOUR, kind="other", title="刚搬来，想找人带着认认路",
             text="菜场、公交站、卫生中心在哪儿。", minutes=60)  # fmt: skip
