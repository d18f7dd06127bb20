"""Names, addresses and identity answers are sealed; nothing of them stays in clear.

The sealing below is frozen: it is that of core.keys and core.sealing when this revision was written, and uses nothing of
them. It reads the newest keys of the rings identity and index in KEYS_DIR, and going down needs the same keys.

Revision: 0006
Revises: 0005
Created: 2026-11-21
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import unicodedata
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

RINGS = ("identity", "files", "index", "payee", "audit", "backup")
record_key = sa.table(
    "record_key",
    sa.column("id", sa.Uuid()),
    sa.column("owner_table", sa.Text()),
    sa.column("owner_id", sa.Uuid()),
    sa.column("ring", sa.Text()),
    sa.column("key_number", sa.Integer()),
    sa.column("wrapped", sa.LargeBinary()),
)


class Text(NamedTuple):
    """A column of texts that is sealed; `fold` makes the value of its blind index.

    It is sealed with the data key of its own row, or of the row of `owner` that its column `owner`_id names.
    """

    table: str
    column: str
    has_version: bool = False
    index: str = ""
    fold: Callable[[str], str] | None = None
    owner: str = ""
    is_json: bool = False


def fold_email(email: str) -> str:
    return unicodedata.normalize("NFC", email).strip().lower()


TEXTS = (
    Text("mail_message", "to_address"),
    Text("person", "email", has_version=True, index="email_index", fold=fold_email),
    Text("person", "name", has_version=True),
    Text("organisation", "name", has_version=True),
    Text("call_invitation", "email", index="email_index", fold=fold_email),
    Text("call_invitation", "organisation_name", has_version=True),
    Text("attachment", "filename", owner="application"),
    Text("letter", "content", owner="application", is_json=True),
)
IDENTITY_ROLES = ("contact_name", "email", "registration")
MASK = "••••••"
MADE_HAS_FILE = (
    "(status = 'made') = (sha256 IS NOT NULL) AND (status = 'made') = (made_at IS NOT NULL)"
    " AND (status = 'made') = ({content} IS NOT NULL)"
)
STORED_TOO = " AND (status = 'made') = (stored_as IS NOT NULL)"
CHUNK = 64 * 1024


class Vault:
    """The keys, and the data keys of records as far as they were asked for."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.folder: Path = current_app.extensions["settings"].keys_dir
        self.data_keys: dict[tuple[str, uuid.UUID, str], bytes | None] = {}

    def newest(self, ring: str) -> int:
        return max(int(path.name.split(".")[1]) for path in self.folder.glob(f"{ring}.*.secret"))

    def key(self, ring: str, number: int) -> bytes:
        return base64.b64decode((self.folder / f"{ring}.{number:04d}.secret").read_bytes())

    def index(self, purpose: str, value: str) -> str:
        number = self.newest("index")
        digest = hmac.new(self.key("index", number), f"{purpose}\0{value}".encode(), hashlib.sha256).digest()
        return f"{number:04d}{digest[:16].hex()}"

    def seal(self, owner: tuple[str, uuid.UUID], context: bytes, plaintext: bytes) -> bytes:
        return sealed_with(self.own_key(owner), plaintext, context, 0)

    def open(self, owner: tuple[str, uuid.UUID], context: bytes, sealed: bytes) -> bytes | None:
        """Open a value; None where its data key was destroyed."""
        key = self.data_key(owner, "identity")
        return None if key is None else AESGCM(key).decrypt(sealed[3:15], sealed[15:], context)

    def own_key(self, owner: tuple[str, uuid.UUID], ring: str = "identity") -> bytes:
        return self.data_key(owner, ring) or self.make_data_key(owner, ring)

    def data_key(self, owner: tuple[str, uuid.UUID], ring: str) -> bytes | None:
        if (*owner, ring) not in self.data_keys:
            found = self.connection.scalar(
                sa.select(record_key.c.wrapped).where(
                    record_key.c.owner_table == owner[0],
                    record_key.c.owner_id == owner[1],
                    record_key.c.ring == ring,
                )
            )
            if found is None:
                return None
            key = self.key(ring, int.from_bytes(found[1:3], "big"))
            self.data_keys[*owner, ring] = AESGCM(key).decrypt(found[3:15], found[15:], wrapping(owner, ring))
        return self.data_keys[*owner, ring]

    def make_data_key(self, owner: tuple[str, uuid.UUID], ring: str) -> bytes:
        key, number = secrets.token_bytes(32), self.newest(ring)
        self.connection.execute(
            record_key.insert().values(
                id=uuid.uuid4(),
                owner_table=owner[0],
                owner_id=owner[1],
                ring=ring,
                key_number=number,
                wrapped=sealed_with(self.key(ring, number), key, wrapping(owner, ring), number),
            )
        )
        self.data_keys[*owner, ring] = key
        return key


class Files:
    """The folder of stored files, each named by the SHA-256 of its bytes."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.root: Path = current_app.extensions["settings"].data_dir / "files"

    def path(self, name: str) -> Path:
        return self.root / name[:2] / name

    def put(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        with self.path(name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return name

    def seal(self, table: str, row_id: uuid.UUID, application_id: uuid.UUID, name: str) -> str:
        """Seal a clear file beside the clear one, which the next sweep removes; one that is missing keeps its name."""
        if not self.path(name).is_file():
            return name
        data, random = self.path(name).read_bytes(), secrets.token_bytes(8)
        cipher = AESGCM(self.vault.own_key(("application", application_id), "files"))
        chunks = [
            cipher.encrypt(
                random + place.to_bytes(4, "big"),
                data[start : start + CHUNK],
                file_context(table, row_id, place, is_last=start + CHUNK >= len(data)),
            )
            for place, start in enumerate(range(0, max(len(data), 1), CHUNK))
        ]
        return self.put(b"".join((b"\x01\x00\x00", random, *chunks)))

    def open(self, table: str, row_id: uuid.UUID, application_id: uuid.UUID, name: str) -> None:
        """Write a sealed file in clear again, named by its content; an erased or missing one stays what it is."""
        key = self.vault.data_key(("application", application_id), "files")
        if key is None or not self.path(name).is_file():
            return
        stored = self.path(name).read_bytes()
        random, body = stored[3:11], stored[11:]
        starts = range(0, len(body), CHUNK + 16)
        self.put(
            b"".join(
                AESGCM(key).decrypt(
                    random + place.to_bytes(4, "big"),
                    body[start : start + CHUNK + 16],
                    file_context(table, row_id, place, is_last=start + CHUNK + 16 >= len(body)),
                )
                for place, start in enumerate(starts)
            )
        )


def file_context(table: str, row_id: uuid.UUID, place: int, *, is_last: bool) -> bytes:
    return f"fundapp|file|{table}|{row_id}|{place}|{int(is_last)}".encode()


SEALED_ANSWER = ("id", "application_id", "question", "version", "ring", "sealed", "mask", "created_at")


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode("ascii")


def sealed_with(key: bytes, plaintext: bytes, context: bytes, number: int) -> bytes:
    nonce = secrets.token_bytes(12)
    return b"\x01" + number.to_bytes(2, "big") + nonce + AESGCM(key).encrypt(nonce, plaintext, context)


def wrapping(owner: tuple[str, uuid.UUID], ring: str) -> bytes:
    return context_of("record_key", f"{owner[0]}.{ring}", owner[1], 1)


def context_of(table: str, column: str, row_id: uuid.UUID, version: int) -> bytes:
    return f"fundapp|{table}|{column}|{row_id}|{version}".encode()


def table_of(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column, type_of(column)) for column in columns))


def type_of(column: str) -> Any:
    if column == "id" or column.endswith("_id"):
        return sa.Uuid()
    if column in ("answers", "content", "definition"):
        return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    if column.endswith("_at"):
        return sa.DateTime(timezone=True)
    if column.endswith("version"):
        return sa.Integer()
    return sa.LargeBinary() if column.endswith("sealed") else sa.Text()


def upgrade() -> None:
    op.create_table(
        "record_key",
        sa.Column("owner_table", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column(
            "ring",
            sa.Enum(*RINGS, name="ring", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("key_number", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name=op.f("ck_record_key_destroyed_has_time")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_key")),
        sa.UniqueConstraint("owner_table", "owner_id", "ring", name=op.f("uq_record_key_owner_table_owner_id_ring")),
    )
    op.create_index(op.f("ix_record_key_key_number"), "record_key", ["key_number"])
    op.create_table(
        "sealed_answer",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "ring",
            sa.Enum(*RINGS, name="ring", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("payee_key", sa.Integer(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("mask", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(ring = 'payee') = (payee_key IS NOT NULL)", name=op.f("ck_sealed_answer_payee_has_key")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_sealed_answer_application_id_application")
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_sealed_answer_created_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_answer")),
        sa.UniqueConstraint(
            "application_id", "question", "version", name=op.f("uq_sealed_answer_application_id_question_version")
        ),
    )
    op.create_index(op.f("ix_sealed_answer_payee_key"), "sealed_answer", ["payee_key"])
    vault = Vault(op.get_bind())
    for text in TEXTS:
        with op.batch_alter_table(text.table, schema=None) as batch_op:
            batch_op.add_column(sa.Column(f"{text.column}_sealed", sa.LargeBinary(), nullable=True))
            if text.has_version:
                batch_op.add_column(
                    sa.Column(f"{text.column}_version", sa.Integer(), nullable=False, server_default="0")
                )
            if text.index:
                batch_op.add_column(sa.Column(text.index, sa.Text(), nullable=True))
        if text.has_version:  # apart from adding it: SQLite copies the rows before the default goes
            with op.batch_alter_table(text.table, schema=None) as batch_op:
                batch_op.alter_column(f"{text.column}_version", existing_type=sa.Integer(), server_default=None)
        seal_texts(vault, text)
    seal_answers(vault)
    seal_files(vault)
    index_names(vault)
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_letter_made_has_file"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_letter_made_has_file"), MADE_HAS_FILE.format(content="content_sealed") + STORED_TOO
        )
        batch_op.drop_column("content")
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.drop_column("filename")
    with op.batch_alter_table("mail_message", schema=None) as batch_op:
        batch_op.drop_column("to_address")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_person_email"), type_="unique")
        batch_op.drop_column("email")
        batch_op.drop_column("name")
        batch_op.create_unique_constraint(batch_op.f("uq_person_email_index"), ["email_index"])
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_column("name")
    with op.batch_alter_table("call_invitation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_call_invitation_call_id_email"), type_="unique")
        batch_op.drop_column("email")
        batch_op.drop_column("organisation_name")
        batch_op.create_unique_constraint(
            batch_op.f("uq_call_invitation_call_id_email_index"), ["call_id", "email_index"]
        )


def seal_texts(vault: Vault, text: Text) -> None:
    """Seal a column's texts into its new columns."""
    sealed, version = f"{text.column}_sealed", f"{text.column}_version"
    owner = f"{text.owner}_id" if text.owner else "id"
    table = table_of(text.table, "id", owner, text.column, sealed, version, *([text.index] if text.index else []))
    rows = vault.connection.execute(sa.select(table.c.id, table.c[owner], table.c[text.column])).all()
    for row_id, owner_id, clear in rows:
        if not clear:
            continue
        context = context_of(text.table, sealed, row_id, 1)
        plaintext = to_json(clear) if text.is_json else clear.encode()
        values: dict[str, Any] = {sealed: vault.seal((text.owner or text.table, owner_id), context, plaintext)}
        if text.has_version:
            values[version] = 1
        if text.index and text.fold:
            values[text.index] = vault.index(f"{text.table}.{text.index}", text.fold(clear))
        vault.connection.execute(sa.update(table).where(table.c.id == row_id).values(values))


def answer_tables() -> tuple[sa.TableClause, sa.TableClause, sa.TableClause, sa.TableClause]:
    return (
        table_of("form_version", "id", "definition"),
        table_of("application", "id", "form_version_id", "answers", "saved_at"),
        table_of("submission", "id", "application_id", "answers", "form_version_id"),
        table_of("sealed_answer", *SEALED_ANSWER),
    )


def seal_answers(vault: Vault) -> None:
    """Put identity answers into rows of their own, markers in their place; files keep their name with their row."""
    forms, applications, submissions, _sealed = answer_tables()
    definitions = dict(vault.connection.execute(sa.select(forms.c.id, forms.c.definition)).all())
    saved_at: dict[uuid.UUID, Any] = {}
    made: dict[tuple[uuid.UUID, str], list[tuple[Any, dict[str, str]]]] = {}
    for table, owner in ((applications, "id"), (submissions, "application_id")):
        moment = table.c.saved_at if table is applications else sa.null()
        rows = vault.connection.execute(
            sa.select(table.c.id, table.c[owner], table.c.form_version_id, table.c.answers, moment)
        ).all()
        for row_id, application_id, form_id, answers, at in rows:
            saved_at.setdefault(application_id, at)
            kept = dict(answers)
            for name in identity_questions(definitions[form_id]) & kept.keys():
                versions = made.setdefault((application_id, name), [])
                kept[name] = next((marker for value, marker in versions if value == kept[name]), None) or seal_answer(
                    vault, application_id, name, kept[name], saved_at[application_id], versions
                )
            kept = {name: without_name(answer) for name, answer in kept.items()}
            vault.connection.execute(sa.update(table).where(table.c.id == row_id).values(answers=kept))


def seal_files(vault: Vault) -> None:
    """Seal the files of applications and the letters."""
    files = Files(vault)
    for name in ("attachment", "letter"):
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.add_column(sa.Column("stored_as", sa.Text(), nullable=True))
        table = table_of(name, "id", "application_id", "sha256", "stored_as")
        rows = vault.connection.execute(
            sa.select(table.c.id, table.c.application_id, table.c.sha256).where(table.c.sha256.is_not(None))
        ).all()
        for row_id, application_id, sha256 in rows:
            stored_as = files.seal(name, row_id, application_id, sha256)
            vault.connection.execute(sa.update(table).where(table.c.id == row_id).values(stored_as=stored_as))
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.alter_column("stored_as", existing_type=sa.Text(), nullable=False)


def open_files(vault: Vault) -> None:
    """Write the sealed files in clear again; the sealed ones are left over."""
    files = Files(vault)
    for name in ("attachment", "letter"):
        table = table_of(name, "id", "application_id", "stored_as")
        rows = vault.connection.execute(
            sa.select(table.c.id, table.c.application_id, table.c.stored_as).where(table.c.stored_as.is_not(None))
        ).all()
        for row_id, application_id, stored_as in rows:
            files.open(name, row_id, application_id, stored_as)


def seal_answer(
    vault: Vault, application_id: uuid.UUID, name: str, value: Any, at: Any, versions: list[tuple[Any, dict[str, str]]]
) -> dict[str, str]:
    row_id, version = uuid.uuid4(), len(versions) + 1
    context = context_of("sealed_answer", "sealed", row_id, version)
    vault.connection.execute(
        answer_tables()[3]
        .insert()
        .values(
            id=row_id,
            application_id=application_id,
            question=name,
            version=version,
            ring="identity",
            sealed=vault.seal(("application", application_id), context, to_json(value)),
            mask=MASK,
            created_at=at,
        )
    )
    marker = {"sealed": str(row_id), "mask": MASK}
    versions.append((value, marker))
    return marker


def identity_questions(definition: dict[str, Any]) -> set[str]:
    return {
        each["name"]
        for each in definition["questions"]
        if each.get("role") in IDENTITY_ROLES or each.get("given_sensitivity") == "identity"
    }


def without_name(answer: Any) -> Any:
    if isinstance(answer, dict) and "attachment" in answer:
        return {key: value for key, value in answer.items() if key != "filename"}
    return answer


def index_names(vault: Vault) -> None:
    """Exchange the folded names of organisations for their blind indexes."""
    for name, column in (("organisation", "name_key"), ("application", "organisation_key")):
        table = table_of(name, "id", column)
        for row_id, key in vault.connection.execute(sa.select(table.c.id, table.c[column])).all():
            if key:
                index = vault.index("organisation.name", key)
                vault.connection.execute(sa.update(table).where(table.c.id == row_id).values({column: index}))


def downgrade() -> None:
    vault = Vault(op.get_bind())
    for text in TEXTS:
        with op.batch_alter_table(text.table, schema=None) as batch_op:
            batch_op.add_column(sa.Column(text.column, type_of(text.column), nullable=True))
        open_texts(vault, text)
    open_answers(vault)
    open_files(vault)
    name_organisations(vault)
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_letter_made_has_file"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_letter_made_has_file"), MADE_HAS_FILE.format(content="content"))
        batch_op.drop_column("stored_as")
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.alter_column("filename", existing_type=sa.Text(), nullable=False)
        batch_op.drop_column("stored_as")
    with op.batch_alter_table("call_invitation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_call_invitation_call_id_email_index"), type_="unique")
        batch_op.alter_column("email", existing_type=sa.Text(), nullable=False)
        batch_op.alter_column("organisation_name", existing_type=sa.Text(), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_call_invitation_call_id_email"), ["call_id", "email"])
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.alter_column("name", existing_type=sa.Text(), nullable=False)
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_person_email_index"), type_="unique")
        batch_op.alter_column("name", existing_type=sa.Text(), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_person_email"), ["email"])
    with op.batch_alter_table("mail_message", schema=None) as batch_op:
        batch_op.alter_column("to_address", existing_type=sa.Text(), nullable=False)
    for text in TEXTS:
        with op.batch_alter_table(text.table, schema=None) as batch_op:
            batch_op.drop_column(f"{text.column}_sealed")
            if text.has_version:
                batch_op.drop_column(f"{text.column}_version")
            if text.index:
                batch_op.drop_column(text.index)
    op.drop_table("sealed_answer")
    op.drop_table("record_key")


def open_texts(vault: Vault, text: Text) -> None:
    """Write a column's texts in clear again; what was erased stays empty (an address: none)."""
    sealed, version = f"{text.column}_sealed", f"{text.column}_version"
    owner = f"{text.owner}_id" if text.owner else "id"
    table = table_of(text.table, "id", owner, text.column, sealed, version)
    versions = table.c[version] if text.has_version else sa.literal(1)
    rows = vault.connection.execute(sa.select(table.c.id, table.c[owner], table.c[sealed], versions)).all()
    for row_id, owner_id, value, number in rows:
        context = context_of(text.table, sealed, row_id, int(number))
        plaintext = value and vault.open((text.owner or text.table, owner_id), context, value)
        clear: Any = None if (text.table, text.column) == ("person", "email") else ""
        if text.is_json:
            clear = json.loads(plaintext) if plaintext else ({} if value else None)
        elif plaintext:
            clear = plaintext.decode()
        vault.connection.execute(sa.update(table).where(table.c.id == row_id).values({text.column: clear}))


def open_answers(vault: Vault) -> None:
    """Write sealed answers in clear where their markers stand; of payee details only the mask can be written."""
    _forms, applications, submissions, sealed = answer_tables()
    files = table_of("attachment", "id", "filename")
    names = {str(row_id): name for row_id, name in vault.connection.execute(sa.select(files.c.id, files.c.filename))}
    clear: dict[str, Any] = {}
    columns = (sealed.c.id, sealed.c.application_id, sealed.c.version, sealed.c.ring, sealed.c.sealed, sealed.c.mask)
    for row_id, application_id, version, ring, value, mask in vault.connection.execute(sa.select(*columns)).all():
        context = context_of("sealed_answer", "sealed", row_id, version)
        plaintext = vault.open(("application", application_id), context, value) if ring == "identity" else None
        clear[str(row_id)] = json.loads(plaintext) if plaintext else mask
    for table in (applications, submissions):
        for row_id, answers in vault.connection.execute(sa.select(table.c.id, table.c.answers)).all():
            opened = {name: with_name(opened_answer(answer, clear), names) for name, answer in answers.items()}
            vault.connection.execute(sa.update(table).where(table.c.id == row_id).values(answers=opened))


def opened_answer(answer: Any, clear: dict[str, Any]) -> Any:
    return clear[answer["sealed"]] if isinstance(answer, dict) and "sealed" in answer else answer


def with_name(answer: Any, names: dict[str, str]) -> Any:
    if isinstance(answer, dict) and "attachment" in answer:
        return {**answer, "filename": names.get(answer["attachment"], "")}
    return answer


def name_organisations(vault: Vault) -> None:
    """Write the folded names of organisations where their blind indexes stand."""
    for name, key, source in (
        ("organisation", "name_key", "name"),
        ("application", "organisation_key", "organisation_name"),
    ):
        table = table_of(name, "id", key, source)
        for row_id, clear in vault.connection.execute(sa.select(table.c.id, table.c[source])).all():
            folded = " ".join(unicodedata.normalize("NFKC", clear or "").casefold().split())
            vault.connection.execute(sa.update(table).where(table.c.id == row_id).values({key: folded}))
