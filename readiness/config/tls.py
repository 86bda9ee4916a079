"""`target.tls`: an authority of one's own, a client certificate, and the context in which every client has them."""

from __future__ import annotations

import functools
import ssl
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from readiness.config.form import Complaint, Form, scalar, section
from readiness.config.tree import Scalar
from readiness.errors import ConfigError
from readiness.text import clean, foreign_files

PEM = "-----BEGIN "
_MOST_BYTES = 1 << 20
_KEYS = ("ca", "certificate", "key")


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM texts, or names of their files until `with_files` has read them; "" for what is not given."""

    ca: str = field(default="", repr=False)
    """Authorities that are trusted beside the system's, or the self-signed certificate itself."""
    certificate: str = field(default="", repr=False)
    """Of the client, with what leads to its authority."""
    key: str = field(default="", repr=False)


NONE = Tls()


def tls_form() -> Form[Tls]:
    """The `target.tls:` section."""

    def make(ca: str = "", certificate: str = "", key: str = "") -> Tls:
        if bool(certificate) != bool(key):
            raise Complaint("needs its key, and the key its certificate: give both", "key" if key else "certificate")
        return Tls(ca, certificate, key)

    return section(make, {name: (name, _file_or_pem(secret=name == "key")) for name in _KEYS})


def _file_or_pem(*, secret: bool) -> Form[str]:
    def parse(node: Scalar) -> str:
        text = node.text.strip()
        if text.startswith(PEM):
            if secret and not node.variables:
                raise ValueError("a private key does not belong in this file: name its file, or ${READINESS_VAR_…}")
            return text
        if node.variables:
            raise ValueError("must be PEM text")
        if not text or len(text) > 300 or clean(text, 300) != text:
            raise ValueError("must be the name of a PEM file below this one's folder")
        return text

    return scalar(parse, {"type": "string", "minLength": 1})


def with_files(tls: Tls, folder: Path, name: str) -> Tls:
    """The section with the text of its files, which lie below `folder`. Raises ConfigError, also for no good PEM."""
    problems = []
    for key in _KEYS:
        text = getattr(tls, key)
        if not text or text.startswith(PEM):
            continue
        try:
            tls = replace(tls, **{key: foreign_files.read_text(folder / text, _MOST_BYTES, below=folder)})
        except foreign_files.NotReadable as error:
            problems.append(f"{name}: target.tls.{key}: {text}: {error}")
    if not problems and tls != NONE:
        try:
            context(tls)
        except (ssl.SSLError, ValueError) as error:
            why = clean(getattr(error, "reason", None) or error)
            problems.append(
                f"{name}: target.tls: {why}: ca, certificate and key must be PEM, and the key that of the certificate "
                "and without a passphrase"
            )
    if problems:
        raise ConfigError(*problems)
    return tls


def context(tls: Tls) -> ssl.SSLContext:
    """Certificates and host names are checked, against the system's authorities and `tls.ca`. Raises ssl.SSLError."""
    made = ssl.create_default_context()
    add_to(made, tls)
    return made


def add_to(made: ssl.SSLContext, tls: Tls) -> None:
    """The same for a context that is there already."""
    if tls.ca:
        made.load_verify_locations(cadata=tls.ca)
    if tls.key:
        # The ssl module takes both from files alone: one that nobody else may read, and that is gone at once.
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(f"{tls.certificate.strip()}\n{tls.key.strip()}\n")
            file.flush()
            made.load_cert_chain(file.name, password=lambda: "")


_in_use: list[Tls] = [NONE]


def use(tls: Tls) -> None:
    """What every client of this process takes from now on for the target."""
    _in_use[0] = tls
    target_context.cache_clear()


def in_use() -> Tls:
    """What `use` was told."""
    return _in_use[0]


@functools.cache
def target_context() -> ssl.SSLContext:
    """The context for the target; one for all, since reading all certificates takes longer than many answers."""
    return context(_in_use[0])
