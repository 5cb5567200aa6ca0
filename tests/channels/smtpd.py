"""An SMTP server for the tests: aiosmtpd, what came in as one line of JSON each on standard output.

smtpd.py PORT MODE CERT KEY    MODE: clear | starttls | tls
"""
import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Handler:
    def __init__(self):
        self.seen = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 no such user"
        if address.startswith("later"):
            return "451 4.7.1 greylisted"
        if address.startswith("second") and address not in self.seen:
            self.seen.add(address)
            return "451 4.7.1 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        line = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None,
            "user": getattr(session.auth_data, "login", b"").decode(),
            "mail": envelope.content.decode("ascii", "backslashreplace"),
        }
        print(json.dumps(line), flush=True)
        return "250 2.0.0 taken"


def login(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.password == b"s3cr3t-passw0rd"
    return AuthResult(success=good, handled=False, auth_data=data)


def main():
    port, mode, cert, key = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
    context = None
    if mode != "clear":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
    options = {}
    if mode == "starttls":
        options = {"tls_context": context, "require_starttls": True, "authenticator": login, "auth_required": True}
    if mode == "tls":
        options = {"ssl_context": context, "authenticator": login, "auth_require_tls": False, "auth_required": True}
    controller = Controller(Handler(), hostname="127.0.0.1", port=port, **options)
    controller.start()
    print("listening", flush=True)
    # Until whoever started it is gone.
    sys.stdin.read()
    controller.stop()


main()
