from tests.delivery.gateway import sms_gateway
from tests.delivery.mail_server import mail_server

__all__ = ["mail_server", "sms_gateway"]
