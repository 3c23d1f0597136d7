"""The shelf, the directory and the guides. Local numbers are made up and look it; the emergency numbers are real."""

import datetime as dt
import random

from django.utils import timezone

from linlingtong.core.time import today
from linlingtong.home.management.demo.people import People, Place
from linlingtong.toolbox.models import Contact, Guide, Schedule, Tool

TOOLS = [
    ("约球场", "五人制足球场、健身房、活动室", "ball-football", "page", "venues:list", "sport", "", True),
    ("报问题", "路灯、垃圾、占道，拍一张就行", "camera", "page", "tickets:new", "errands", "", True),
    ("便民电话", "现在有没有人接，一看就知道", "phone", "page", "toolbox:contacts", "errands", "", True),
    ("办事指南", "居住证、上学、学历补贴", "book", "page", "toolbox:guides", "errands", "newcomer", True),
    ("我的时长", "志愿时长、星级和记录单", "star", "page", "volunteering:hours", "work", "", False),
    ("浙里办", "省里的政务服务", "external-link", "link", "https://www.zjzwfw.gov.cn/", "errands", "", False),
    ("杭州公交", "查线路和到站", "map-2", "link", "https://www.hzbus.com.cn/", "errands", "", False),
    ("技能培训", "产业工人“脑袋富”行动", "school", "page", "activities:list", "work", "worker", False),
    ("婴幼儿成长驿站", "约一次体验课", "baby-carriage", "page", "venues:list", "children", "parent", False),
    ("字号与长辈版", "字大一点，看得清楚", "text-size", "page", "accounts:display", "health", "elder", False),
]
ROUND_THE_CLOCK = [("every", "00:00", "00:00")]
OFFICE = [("worked", "08:30", "17:30")]
DAILY = [("every", "08:30", "17:30")]
CONTACTS = [
    ("emergency", "报警", "违法犯罪、危险、求助", "110", "", ROUND_THE_CLOCK),
    ("emergency", "火警", "火灾、救援", "119", "", ROUND_THE_CLOCK),
    ("emergency", "急救", "突发疾病、受伤", "120", "", ROUND_THE_CLOCK),
    ("emergency", "交通事故", "事故报警、挪车", "122", "", ROUND_THE_CLOCK),
    ("government", "政务服务热线", "办事咨询、投诉、建议", "12345", "", ROUND_THE_CLOCK),
    ("government", "临江街道", "总值班", "0571-0000 0000", "临江街道办事处", DAILY),
    ("government", "高新社区", "居住证、证明、活动", "0571-0000 0001", "高新社区服务中心", DAILY),
    ("government", "临江佳苑社区", "居住证、证明、球场规则", "0571-0000 0002", "临江佳苑社区服务中心", DAILY),
    ("government", "便民服务中心", "社保、医保、户籍窗口", "0571-0000 0101", "临江街道办事处一楼", OFFICE),
    (
        "government",
        "民情联络站",
        "有话想说，找代表",
        "0571-0000 0102",
        "临江邻里中心二楼",
        [("worked", "14:00", "17:00")],
    ),
    ("government", "派出所（非紧急）", "户口、身份证", "0571-0000 0103", "", DAILY),
    ("health", "临江卫生中心", "门诊、体检、疫苗", "0571-0000 0201", "", [("every", "08:00", "17:00")]),
    ("health", "安舒医院", "医养结合，240 张床位", "0571-0000 0202", "", ROUND_THE_CLOCK),
    ("health", "卫生热线", "健康咨询", "12320", "", DAILY),
    ("health", "心理援助热线", "心里难受，先打这个", "12356", "", ROUND_THE_CLOCK),
    ("family", "居家养老服务中心", "助餐、助浴、日间照料", "0571-0000 0301", "", DAILY),
    ("family", "婴幼儿成长驿站", "托育、早教体验", "0571-0000 0302", "临江邻里中心一楼", DAILY),
    ("family", "临江幼儿园", "招生咨询", "0571-0000 0303", "", OFFICE),
    ("family", "高新幼儿园", "招生咨询", "0571-0000 0304", "", OFFICE),
    ("family", "妇女维权热线", "家暴、权益咨询", "12338", "", DAILY),
    ("family", "青少年服务台", "学习、心理、权益", "12355", "", DAILY),
    ("work", "人社热线", "工资、社保、劳动仲裁", "12333", "", OFFICE),
    ("work", "职工维权热线", "工会帮你说", "12351", "", OFFICE),
    ("work", "法律援助热线", "免费问律师", "12348", "", ROUND_THE_CLOCK),
    ("work", "助企服务专员", "招工、停车、用电", "0571-0000 0401", "", OFFICE),
    (
        "work",
        "职业技能培训点",
        "焊工、电工、叉车",
        "0571-0000 0402",
        "",
        [("off", "09:00", "20:00"), ("worked", "18:00", "21:00")],
    ),
    ("home", "供电热线", "停电报修", "95598", "", ROUND_THE_CLOCK),
    ("home", "供水热线", "停水、水管爆裂", "0571-0000 0501", "", ROUND_THE_CLOCK),
    ("home", "燃气抢修", "闻到煤气味，先开窗再打", "0571-0000 0502", "", ROUND_THE_CLOCK),
    ("home", "物业服务中心", "电梯、门禁、保洁", "0571-0000 0503", "", DAILY),
    ("home", "公租房服务站", "申请、续租、报修", "0571-0000 0504", "", OFFICE),
    ("traffic", "公交服务热线", "线路、失物", "0571-0000 0601", "", DAILY),
    ("traffic", "违停挪车", "挡住了消防通道", "0571-0000 0602", "", ROUND_THE_CLOCK),
]
GUIDES = [
    ("juzhuzheng", "办居住证", "住满半年、有工作或住处，就能办。", "newcomer worker", "身份证\n租房合同或单位宿舍证明\n劳动合同或社保记录", "先做居住登记，满半年\n带上材料到社区，或在“浙里办”上传\n等短信，15 个工作日内出证\n到社区领证", "15 个工作日", "免费", 6),
    ("juzhudengji", "居住登记", "搬来三天内登一次，后面办事都用得上。", "newcomer worker", "身份证\n房东电话或宿舍楼号", "微信扫楼道口的码，或到社区\n填楼号和房号\n当场登记好", "当场", "免费", 6),
    ("jifenruxue", "随迁子女积分入学", "孩子上公办学校，看居住证积分。", "newcomer parent", "居住证\n户口本\n社保缴费记录\n租房备案或房产证", "3 月前查自己的积分\n5 月在“浙里办”报名\n6 月学校核对材料\n7 月看结果", "3 到 7 月", "免费", 16),
    ("gongzufang", "申请公租房", "没有房、收入不高、在这里上班的都可以问。", "newcomer worker", "身份证\n劳动合同\n收入证明\n无房证明", "到公租房服务站领表，或网上填\n单位盖章\n公示 7 天\n摇号选房", "约 3 个月", "免费", 30),
    ("xueli", "学历提升补贴", "读大专、本科，毕业后可以领补贴。", "worker", "毕业证\n缴费发票\n社保记录", "先报名登记\n毕业后半年内交材料\n工会核对\n补贴打到银行卡", "约 2 个月", "免费", 22),
    ("jineng", "技能证书补贴", "考下技能等级证书，一年内申领。", "worker", "技能等级证书\n身份证\n社保卡", "在“浙里办”找“技能提升补贴”\n拍证书上传\n等短信", "20 个工作日", "免费", 21),
    ("laodongweiquan", "工资没拿到怎么办", "先留证据，再找人，别一个人扛。", "worker", "劳动合同或工牌\n考勤、工资记录\n聊天记录", "把记录拍下来\n打 12333 或 12351\n到劳动监察窗口登记\n调解不成，申请仲裁", "60 日内", "免费", 21),
    ("yibaozhuanyi", "医保转过来", "外地医保可以转，在网上就能办。", "newcomer worker", "身份证\n原参保地名称", "在“浙里办”找“医保关系转移”\n填原参保地\n等两地核对", "15 个工作日", "免费", 9),
    ("yimiao", "孩子打疫苗", "带上接种本，周一到周日都能打。", "parent newcomer", "儿童接种本\n孩子和家长身份证明", "在卫生中心公众号约时间\n按时到，量体温\n打完留观 30 分钟", "半天", "一类疫苗免费", 12),
    ("laonianka", "老年优待卡", "满 60 岁就能办，坐公交有优惠。", "elder", "身份证\n一寸照片", "到社区或让家人代办\n当场拍照登记\n10 个工作日后领卡", "10 个工作日", "免费", 7),
    ("zhucan", "老人助餐", "走不动的，可以送到门口。", "elder", "身份证\n紧急联系人电话", "打居家养老服务中心电话\n社工上门看一次\n第二天开始送", "2 天", "每餐自付一部分", 16),
    ("zhuqi", "企业反映难题", "招工、停车、用电，有专员一起跑。", "company", "企业名称\n联系人", "在“报问题”里选“助企”\n专员 1 个工作日内回电\n能办的当场定时间", "1 个工作日内回电", "免费", 25),
]  # fmt: skip


def add_toolbox(place: Place, people: People, chance: random.Random) -> None:
    Tool.objects.bulk_create(
        Tool(
            title=title, summary=summary, icon=icon, kind=kind, target=target, group=group, audience=audience,
            on_home=on_home, position=number * 10,
        )
        for number, (title, summary, icon, kind, target, group, audience, on_home) in enumerate(TOOLS)
    )  # fmt: skip
    contacts = _contacts(place, people, chance)
    day = today()
    Guide.objects.bulk_create(
        Guide(
            area=place.root, slug=slug, title=title, summary=summary, audience=audience.split(),
            required_documents=documents, steps=steps, duration=duration, fees=fees, contact=contacts[asked],
            source="临江街道便民服务中心（示例）", checked_on=day - dt.timedelta(days=chance.randint(3, 120)),
            valid_until=dt.date(day.year + 1, 12, 31), is_sample=True, is_published=True,
        )
        for slug, title, summary, audience, documents, steps, duration, fees, asked in GUIDES
    )  # fmt: skip


def _contacts(place: Place, people: People, chance: random.Random) -> list[Contact]:
    areas = {"高新社区": place.communities[0], "临江佳苑社区": place.communities[1]}
    now = timezone.now()
    contacts = Contact.objects.bulk_create(
        Contact(
            area=areas.get(name, place.root), category=category, organization=name, service=service, phone=phone,
            address=address, position=number * 10, assured_by=people.subdistrict_staff,
            # A few are due for a call, so that staff see how that looks.
            assured_at=now - dt.timedelta(days=chance.randint(2, 150) if number % 11 else 200),
        )
        for number, (category, name, service, phone, address, _hours) in enumerate(CONTACTS)
    )  # fmt: skip
    Schedule.objects.bulk_create(
        Schedule(
            contact=contact,
            days=days,
            opens_at=dt.time.fromisoformat(opens),
            closes_at=dt.time.fromisoformat(closes),
        )
        for contact, row in zip(contacts, CONTACTS, strict=True)
        for days, opens, closes in row[5]
    )
    return contacts
