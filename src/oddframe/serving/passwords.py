"""Passwords of the page: kept as scrypt hashes in the state folder, readable to its owner alone."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path
from oddframe.files.text_files import read_json

Role = Literal["viewer", "owner"]
"""A viewer looks; an owner decides and changes as well."""
ROLES: tuple[Role, ...] = ("viewer", "owner")

PASSWORDS = "passwords.json"
"""In the state folder."""
SHORTEST = 8
_LONGEST = 1024
_COST, _BLOCK, _PARALLEL = 2**15, 8, 1
"""32 MB and about a tenth of a second for each try (RFC 7914)."""
_MEMORY = 64 * 2**20


@dataclass(frozen=True)
class Passwords:
    """Who is who.

    Attributes:
        hashes: salt and hash of the password of each role that has one.
    """

    hashes: Mapping[Role, tuple[bytes, bytes]]

    @classmethod
    def read(cls, state: Path) -> Passwords:
        """Those of a state folder; none where nothing was set.

        Raises:
            OddframeError: the file is damaged; without it nobody could be kept out, so it is not
                passed over.
        """
        path = state / PASSWORDS
        if not path.exists():
            return cls({})
        content = read_json(path, "passwords")
        try:
            hashes: dict[Role, tuple[bytes, bytes]] = {
                role: (_bytes(content[role]["salt"]), _bytes(content[role]["hash"]))
                for role in ROLES
                if role in content
            }
        except (KeyError, TypeError, ValueError) as error:
            raise OddframeError(
                f"{path}: expected passwords as 'serve --set-password' keeps them, found something "
                "else; set them again with it, after removing the file"
            ) from error
        return cls(hashes)

    def role_of(self, password: str) -> Role | None:
        """Whose password it is; None if nobody's. It takes as long for a wrong one as for a right
        one."""
        found: Role | None = None
        for role, (salt, expected) in self.hashes.items():
            if secrets.compare_digest(_hashed(password[:_LONGEST], salt), expected):
                found = role  # the owner comes last, should both have the same
        return found


def set_password(state: Path, role: Role, password: str) -> None:
    """Keep a password for a role, in place of the one before.

    Raises:
        OddframeError: it is too short, or the folder cannot be written.
    """
    if not SHORTEST <= len(password) <= _LONGEST:
        raise OddframeError(
            f"expected a password of {SHORTEST} to {_LONGEST} characters, found {len(password)}"
        )
    hashes = dict(Passwords.read(state).hashes)
    salt = secrets.token_bytes(16)
    hashes[role] = salt, _hashed(password, salt)
    content: dict[str, Any] = {
        name: {"salt": _text(hashes[name][0]), "hash": _text(hashes[name][1])}
        for name in ROLES
        if name in hashes
    }
    with atomic_path(state / PASSWORDS, 0o600) as temporary:
        temporary.write_text(json.dumps(content), encoding="utf-8")


def _hashed(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=_COST,
        r=_BLOCK,
        p=_PARALLEL,
        maxmem=_MEMORY,
    )


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _bytes(value: str) -> bytes:
    found = base64.b64decode(value, validate=True)
    if not found:
        raise ValueError("empty")
    return found
