"""Devices beyond this machine come by TLS, and so does Talkoot to a broker there."""

from __future__ import annotations

import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.brokers import heartbeat, mqtt, needs_mosquitto, start_mosquitto
from tests.cities import free_port, talkoot
from tests.core.observations.mqtt.conftest import Client, Measuring, reading, topic_of
from tests.processes import kill, until


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The paths of a certificate of this machine, signed by itself, and of its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "certificate.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return str(folder / "certificate.pem"), str(folder / "key.pem")


def test_the_broker_of_our_own_is_reached_from_elsewhere_by_tls_only(
    measuring: Measuring, certificate: tuple[str, str]
) -> None:
    stream, port = measuring.fresh(), free_port()
    given = {"TALKOOT_MQTT_HOST": "0.0.0.0", "TALKOOT_MQTT_PORT": str(port)}
    tls = {"TALKOOT_MQTT_CERTIFICATE": certificate[0], "TALKOOT_MQTT_KEY": certificate[1]}
    with mqtt(measuring.environment, **given, **tls):
        client = Client(port, "token", measuring.secret, host="localhost")
        client.paho.tls_set(certificate[0])
        with client:
            client.publish(topic_of(stream), reading(1, 1))
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
            plain.sendall(b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x01\x00\x03abc")
            assert not plain.recv(4).startswith(b"\x20")  # no CONNACK: nobody is let in
    assert measuring.store.count([stream]) == 1


@needs_mosquitto
def test_another_broker_is_reached_by_tls_and_not_if_nobody_vouches_for_it(
    measuring: Measuring, certificate: tuple[str, str], tmp_path: Path
) -> None:
    port = free_port()
    broker = start_mosquitto(tmp_path / "mosquitto", port, f"certfile {certificate[0]}\nkeyfile {certificate[1]}\n")
    address = {"TALKOOT_MQTT": f"mqtts://localhost:{port}"}
    try:
        with mqtt({**measuring.environment, "SSL_CERT_FILE": certificate[0]}, **address) as process:
            assert heartbeat(measuring.home)["process"] == process.pid
        log = tmp_path / "log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", "talkoot", "mqtt"]
            process = subprocess.Popen(command, env={**measuring.environment, **address}, stderr=output)
        until(lambda: "certificate verify failed" in log.read_text(), seconds=20)
        kill(process)
    finally:
        kill(broker)


def test_a_certificate_that_is_none_is_said(measuring: Measuring, certificate: tuple[str, str]) -> None:
    done = talkoot({**measuring.environment, "TALKOOT_MQTT_CERTIFICATE": certificate[1]}, "mqtt")
    assert done.returncode == 2
    assert "TALKOOT_MQTT_CERTIFICATE" in done.stderr and "PEM" in done.stderr
