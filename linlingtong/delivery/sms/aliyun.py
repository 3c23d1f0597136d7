import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import orjson
from django.utils import timezone

from linlingtong.delivery.channel import Outcome, Sms, failed, refused, sent, unknown
from linlingtong.delivery.sms.account import (
    NO_TEMPLATE,
    Account,
    hmac_sha256,
    is_unsure,
    national,
    parsed,
    registered,
    sha256,
    unreadable,
)
from linlingtong.delivery.wire import Answer, NotSent, Unanswered, post

REFUSED = {
    "isv.BLACK_KEY_CONTROL_LIMIT",
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
    "isv.INVALID_JSON_PARAM",
    "isv.INVALID_PARAMETERS",
    "isv.MOBILE_COUNT_OVER_LIMIT",
    "isv.MOBILE_NUMBER_ILLEGAL",
    "isv.PARAM_LENGTH_LIMIT",
    "isv.PARAM_NOT_SUPPORT_URL",
    "isv.SMS_CONTENT_ILLEGAL",
    "isv.TEMPLATE_MISSING_PARAMETERS",
    "isv.TEMPLATE_PARAMS_ILLEGAL",
    "isv.UNSUPPORTED_CONTENT",
}
UNSURE = {"isp.SYSTEM_ERROR", "isp.UNKNOWN_ERR_CODE", "InternalError", "SystemError", "UnknownError"}
UNDELIVERED = "2"
PAGE, MOST_PAGES = 50, 20


def authorization(headers: Mapping[str, str], query: str, body: bytes, *, access_key: str, access_secret: str) -> str:
    """The Authorization header of signature V3 (ACS3-HMAC-SHA256) over a POST to `/` and all the headers given.

    Source: help.aliyun.com/document_detail/2593177.html (V3 版本请求体 & 签名机制); its example is a test.
    """
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    request = f"POST\n/\n{query}\n{lines}\n{names}\n{sha256(body)}"
    signature = hmac_sha256(access_secret.encode(), f"ACS3-HMAC-SHA256\n{sha256(request.encode())}").hex()
    return f"ACS3-HMAC-SHA256 Credential={access_key},SignedHeaders={names},Signature={signature}"


class AliyunBackend:
    """阿里云短信服务 (Dysmsapi 2017-05-25): SendSms and QuerySendDetails.

    The message's key travels as OutId, which the gateway stores and gives back but does not use against doubles.
    Parameters go in the form body, not in the address, where proxies would log the phone.
    """

    deduplicates: ClassVar[bool] = False
    absence_is_proof: ClassVar[bool] = True

    def __init__(self) -> None:
        self.account = Account.from_settings(endpoint="https://dysmsapi.aliyuncs.com", region="")

    def send(self, sms: Sms) -> Outcome:
        template = registered(sms.template, sms.params)
        if template is None:
            return failed(NO_TEMPLATE)
        try:
            answer = self._call(
                "SendSms",
                PhoneNumbers=national(sms.phone),
                SignName=self.account.sign_name,
                TemplateCode=template.provider_id,
                TemplateParam=orjson.dumps(template.params).decode(),
                OutId=sms.key,
            )
        except NotSent as error:
            return failed(str(error))
        except Unanswered as error:
            return unknown(str(error))
        return _judge(answer)

    def look_up(self, key: str, phone: str, sent_on: dt.date, /) -> Outcome | None:
        found: list[dict[str, Any]] = []
        for page in range(1, MOST_PAGES + 1):
            content = self._ask(phone, sent_on, page)
            if content is None:
                return unknown("receipt-unavailable")
            rows = _rows(content)
            found += [row for row in rows if row.get("OutId") == key]
            if len(rows) < PAGE:
                return _settled(found)
        return _settled(found) or unknown("receipt-unavailable")

    def _ask(self, phone: str, sent_on: dt.date, page: int) -> dict[str, Any] | None:
        try:
            answer = self._call(
                "QuerySendDetails",
                PhoneNumber=national(phone),
                SendDate=f"{sent_on:%Y%m%d}",
                PageSize=str(PAGE),
                CurrentPage=str(page),
            )
        except (NotSent, Unanswered):
            return None
        content = parsed(answer)
        return content if content and content.get("Code") == "OK" else None

    def _call(self, action: str, **params: str) -> Answer:
        body = urlencode(params, quote_via=quote).encode()
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "host": self.account.endpoint.netloc,
            "x-acs-action": action,
            "x-acs-content-sha256": sha256(body),
            "x-acs-date": f"{timezone.now().astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": "2017-05-25",
        }
        headers["Authorization"] = authorization(
            headers, "", body, access_key=self.account.access_key, access_secret=self.account.access_secret
        )
        headers["accept"] = "application/json"
        del headers["host"]
        return post(self.account.endpoint, headers, body)


def _judge(answer: Answer) -> Outcome:
    content = parsed(answer)
    code = content.get("Code") if content else None
    if content is None or not isinstance(code, str):
        return unreadable(answer.status)
    if code == "OK":
        return sent(str(content.get("BizId", "")), code)
    if code in REFUSED:
        return refused(code)
    return unknown(code) if code in UNSURE or is_unsure(answer.status) else failed(code)


def _settled(rows: list[dict[str, Any]]) -> Outcome | None:
    if not rows:
        return None
    accepted = [row for row in rows if str(row.get("SendStatus")) != UNDELIVERED]
    return sent() if accepted else refused(str(rows[0].get("ErrCode", "undelivered")))


def _rows(content: dict[str, Any]) -> list[dict[str, Any]]:
    details = content.get("SmsSendDetailDTOs")
    rows = details.get("SmsSendDetailDTO") if isinstance(details, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
