"""The address of a camera as its file gives it: passwords come from elsewhere."""

from __future__ import annotations

import os
import re
from urllib.parse import quote

from oddframe.alerts.secrets import read_secret, secret_keys
from oddframe.files.yaml_table import YamlTable

KEYS = ("source", *secret_keys("password"))
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_USER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#@:]+)@(.*)", re.DOTALL)


def address_of(table: YamlTable) -> str:
    """The address under ``source``, whole, with its password: never to be shown as it is.

    ``${NAME}`` is a variable of the environment. Where it is all there is, it is the address;
    within one it stands for words, which are encoded for an address. ``password_env`` or
    ``password_file`` gives the password of the user whom the address names.

    Raises:
        OddframeError: no such variable or file, or an address that has no place for a password.
    """
    given = table.any("source") if "source" in table else None
    if type(given) is int:  # a camera of this machine, which YAML takes for a number
        return str(given)
    address = _filled_in(table, table.text("source"))
    password = read_secret(table, "password")
    if not password:
        return address
    login = _USER.fullmatch(address)
    if login is None:
        raise table.error(
            "'source': expected an address with a user and no password, such as "
            "rtsp://user@HOST/PATH, since the password is given apart; found another"
        )
    return f"{login[1]}{login[2]}:{quote(password.words, safe='')}@{login[3]}"


def _filled_in(table: YamlTable, given: str) -> str:
    whole = _VARIABLE.fullmatch(given) is not None

    def words_of(variable: re.Match[str]) -> str:
        words = os.environ.get(variable[1], "")
        if not words:
            raise table.error(
                f"'source': expected a variable {variable[1]} of the environment, found none; set "
                "it before the start"
            )
        return words if whole else quote(words, safe="")

    return _VARIABLE.sub(words_of, given)
