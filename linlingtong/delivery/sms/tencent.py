import datetime as dt
from typing import Any, ClassVar

import orjson
from django.utils import timezone

from linlingtong.core.time import day_bounds
from linlingtong.delivery.channel import Outcome, Sms, failed, refused, sent, unknown
from linlingtong.delivery.sms.account import (
    NO_TEMPLATE,
    Account,
    hmac_sha256,
    is_unsure,
    parsed,
    registered,
    sha256,
    unreadable,
)
from linlingtong.delivery.wire import Answer, NotSent, Unanswered, post

JSON = "application/json; charset=utf-8"
REFUSED = {
    "FailedOperation.ContainSensitiveWord",
    "FailedOperation.PhoneNumberInBlacklist",
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
    "InvalidParameterValue.ContentLengthLimit",
    "InvalidParameterValue.IncorrectPhoneNumber",
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
    "InvalidParameterValue.TemplateParameterFormatError",
    "InvalidParameterValue.TemplateParameterLengthLimit",
    "UnsupportedOperation.UnsupportedRegion",
}


def authorization(
    headers: dict[str, str], body: bytes, *, timestamp: int, service: str, access_key: str, access_secret: str
) -> str:
    """The Authorization header of signature v3 (TC3-HMAC-SHA256) over a POST to `/` and all the headers given.

    Source: cloud.tencent.com/document/api/382/52072 (签名方法 v3); its example is a test.
    """
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip().lower()}\n" for name in sorted(headers))
    request = f"POST\n/\n\n{lines}\n{names}\n{sha256(body)}"
    day = f"{dt.datetime.fromtimestamp(timestamp, dt.UTC):%Y-%m-%d}"
    scope = f"{day}/{service}/tc3_request"
    signing_key = f"TC3{access_secret}".encode()
    for part in scope.split("/"):
        signing_key = hmac_sha256(signing_key, part)
    signature = hmac_sha256(signing_key, f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{sha256(request.encode())}").hex()
    return f"TC3-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"


class TencentBackend:
    """腾讯云短信 (sms 2021-01-11): SendSms and PullSmsSendStatusByPhoneNumber.

    The message's key travels as SessionContext, which the gateway gives back but does not use against doubles.
    Only messages that the carrier has already answered for can be looked up, so a missing one proves nothing.
    """

    deduplicates: ClassVar[bool] = False
    absence_is_proof: ClassVar[bool] = False

    def __init__(self) -> None:
        self.account = Account.from_settings(
            endpoint="https://sms.tencentcloudapi.com", region="ap-guangzhou", needs_app=True
        )

    def send(self, sms: Sms) -> Outcome:
        template = registered(sms.template, sms.params)
        if template is None:
            return failed(NO_TEMPLATE)
        try:
            answer = self._call(
                "SendSms",
                PhoneNumberSet=[sms.phone],
                SmsSdkAppId=self.account.app_id,
                SignName=self.account.sign_name,
                TemplateId=template.provider_id,
                TemplateParamSet=list(template.params.values()),
                SessionContext=sms.key,
            )
        except NotSent as error:
            return failed(str(error))
        except Unanswered as error:
            return unknown(str(error))
        return _judge(answer)

    def look_up(self, key: str, phone: str, sent_on: dt.date, /) -> Outcome | None:
        begin, end = (int(moment.timestamp()) for moment in day_bounds(sent_on))
        try:
            answer = self._call(
                "PullSmsSendStatusByPhoneNumber",
                SmsSdkAppId=self.account.app_id,
                PhoneNumber=phone,
                SendDateTime=begin,
                EndDateTime=end,
                Offset=0,
                Limit=100,
            )
        except (NotSent, Unanswered):
            return unknown("receipt-unavailable")
        rows = _list(_response(answer), "PullSmsSendStatusSet")
        if rows is None:
            return unknown("receipt-unavailable")
        return _settled([row for row in rows if row.get("SessionContext") == key])

    def _call(self, action: str, **params: Any) -> Answer:
        body, timestamp = orjson.dumps(params), int(timezone.now().timestamp())
        signed = {"content-type": JSON, "host": self.account.endpoint.netloc, "x-tc-action": action}
        headers = {
            "Authorization": authorization(
                signed,
                body,
                timestamp=timestamp,
                service="sms",
                access_key=self.account.access_key,
                access_secret=self.account.access_secret,
            ),
            "Content-Type": JSON,
            "X-TC-Action": action,
            "X-TC-Version": "2021-01-11",
            "X-TC-Region": self.account.region,
            "X-TC-Timestamp": str(timestamp),
        }
        return post(self.account.endpoint, headers, body)


def _judge(answer: Answer) -> Outcome:
    response = _response(answer)
    error = response.get("Error") if response else None
    states = _list(response, "SendStatusSet")
    state = error if isinstance(error, dict) else states[0] if states else {}
    code = state.get("Code")
    if not isinstance(code, str):
        return unreadable(answer.status)
    if code == "Ok":
        return sent(str(state.get("SerialNo", "")), code)
    if code in REFUSED:
        return refused(code)
    return unknown(code) if code.startswith("InternalError") or is_unsure(answer.status) else failed(code)


def _settled(rows: list[dict[str, Any]]) -> Outcome | None:
    if not rows:
        return None
    for row in rows:
        if row.get("ReportStatus") == "SUCCESS":
            return sent(str(row.get("SerialNo", "")))
    return refused(str(rows[0].get("Description", "undelivered")))


def _response(answer: Answer) -> dict[str, Any] | None:
    content = parsed(answer)
    response = content.get("Response") if content else None
    return response if isinstance(response, dict) else None


def _list(response: dict[str, Any] | None, name: str) -> list[dict[str, Any]] | None:
    rows = response.get(name) if response else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else None
