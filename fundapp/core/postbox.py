"""The way out for mail: an SMTP server, or a folder with one .eml file per mail."""

import smtplib
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import render_template

from fundapp.core.errors import Failure
from fundapp.core.i18n import in_language
from fundapp.core.mail import AddressRefused, Deliver, MailMessage

FOR_GOOD: Final = range(500, 600)
"""Answers that another try will not change. Source: RFC 5321, section 4.2.1."""


class MailRefused(Failure):
    """The mail server did not take a mail; its answer is kept as its codes, because its words quote addresses."""

    def __init__(self, *codes: int) -> None:
        super().__init__(f"the mail server answered {', '.join(str(code) for code in codes)}")


def compose(message: MailMessage, *, mail_from: str, base_url: str) -> EmailMessage:
    """Render templates/email/<template>.txt: the first line is the subject, the rest the body."""
    with in_language(message.language):
        text = render_template(f"email/{message.template}.txt", base_url=base_url, **message.data)
    subject, _, body = text.partition("\n")
    host = urlsplit(base_url).hostname or "localhost"
    mail = EmailMessage(policy=SMTP)
    mail["From"] = mail_from
    mail["To"] = message.to_address
    mail["Subject"] = subject.strip()
    mail["Message-ID"] = f"<{message.id}@{host}>"
    mail["Content-Language"] = message.language
    mail.set_content(body.lstrip("\n"))
    return mail


def deliver_through(mail_url: str, *, mail_from: str, base_url: str) -> Deliver:
    """Return the function that hands mails to `mail_url` ("smtp://host:port" or "file:DIRECTORY")."""
    address = urlsplit(mail_url)

    def by_smtp(message: MailMessage) -> None:
        mail = compose(message, mail_from=mail_from, base_url=base_url)
        with smtplib.SMTP(address.hostname or "localhost", address.port or 25, timeout=30) as server:
            try:
                server.send_message(mail)
            except smtplib.SMTPResponseException as error:
                raise MailRefused(error.smtp_code) from error
            except smtplib.SMTPRecipientsRefused as error:
                codes = [code for code, _text in error.recipients.values()]
                is_for_good = all(code in FOR_GOOD for code in codes)
                raise (AddressRefused if is_for_good else MailRefused)(*codes) from error

    def by_file(message: MailMessage) -> None:
        mail = compose(message, mail_from=mail_from, base_url=base_url)
        folder = Path(address.path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{message.created_at:%Y%m%dT%H%M%S}-{message.id}.eml").write_bytes(mail.as_bytes())

    if address.scheme == "smtp":
        return by_smtp
    if address.scheme == "file":
        return by_file
    raise ValueError(f"MAIL_URL must start with smtp:// or file:, not {address.scheme}")
