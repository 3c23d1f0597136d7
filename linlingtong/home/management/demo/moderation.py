import random

from linlingtong.home.management.demo.people import People, Place
from linlingtong.moderation.models import Case, Report, Word
from linlingtong.moderation.spelling import squeezed

WORDS = {
    "加微信": "拉人到站外",
    "办信用卡": "广告",
    "低息贷款": "广告",
    "代开发票": "违法",
    "刷单返利": "诈骗",
    "免费领鸡蛋": "常见的骗老人话术",
    "赌球": "违法",
}


def add_moderation(_place: Place, people: People, chance: random.Random) -> None:
    """Watched words, and neighbours who reported something that is visible; called when the boards are filled."""
    Word.objects.bulk_create([Word(text=text, normal=squeezed(text), note=note) for text, note in WORDS.items()])
    seen = list(Case.objects.filter(is_visible=True, state=Case.State.PASSED).order_by("id")[:200])
    chosen = chance.sample(seen, min(3, len(seen)))
    for case in chosen:
        case.state, case.cause, case.waiting_since = Case.State.WAITING, Case.Cause.REPORTS, case.submitted_at
    Case.objects.bulk_update(chosen, ["state", "cause", "waiting_since"])
    reasons = (Report.Reason.ADVERT, Report.Reason.PRIVACY, Report.Reason.UNTRUE)
    Report.objects.bulk_create(
        [
            Report(case=case, by=chance.choice(people.residents), reason=reason, note="请看一下")
            for case, reason in zip(chosen, reasons, strict=False)
        ]
    )
