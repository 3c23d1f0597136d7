import datetime as dt
import ipaddress
import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone
from pytest_django.fixtures import Settings

from linlingtong.delivery.actions import send_sms
from linlingtong.delivery.channel import Outcome, Result
from tests.delivery.gateway import Gateway, Manner


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A fresh self-signed certificate for 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(timezone.now() - dt.timedelta(days=1))
        .not_valid_after(timezone.now() + dt.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    plain = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls_gateway(sms_gateway: Gateway, certificate: Path, settings: Settings) -> Gateway:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    sms_gateway.socket = context.wrap_socket(sms_gateway.socket, server_side=True)
    settings.SMS_ENDPOINT = sms_gateway.url.replace("http:", "https:")
    return sms_gateway


def send() -> Outcome:
    return send_sms("+8619900000001", "code", {"code": "123456"}, "验证码 123456", key="k")


def test_a_gateway_with_a_certificate_nobody_vouches_for_gets_no_phone(tls_gateway: Gateway) -> None:
    assert send() == Outcome(Result.FAILED, "SSLCertVerificationError")
    assert not tls_gateway.seen


def test_texts_go_out_over_tls_and_a_trickling_answer_is_cut_there_too(
    tls_gateway: Gateway, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert send().result is Result.SENT
    tls_gateway.script.append(Manner.TRICKLE)
    began = time.monotonic()
    assert send().result is Result.UNKNOWN
    assert time.monotonic() - began < 2
