"""Ways to a phone: the name of one of these classes is what SMS_BACKEND takes."""

from linlingtong.delivery.sms.aliyun import AliyunBackend
from linlingtong.delivery.sms.local import ConsoleBackend, DeveloperInbox, FileBackend
from linlingtong.delivery.sms.tencent import TencentBackend

__all__ = ["AliyunBackend", "ConsoleBackend", "DeveloperInbox", "FileBackend", "TencentBackend"]
