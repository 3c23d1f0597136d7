"""The kinds of reports that an installation begins with; the subdistrict changes them in the admin."""

NAMES = ("slug", "name", "example", "icon", "level", "accept_hours", "finish_days")
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
