"""What a person says of second looks: which server is asked about events, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from oddframe.alerts.secrets import Secret, read_secret, secret_keys
from oddframe.alerts.sinks.posting import wrong_address
from oddframe.files.yaml_table import YamlTable

KEYS = ("url", "model", *secret_keys("token"), "per_hour", "timeout", "blurred")
PICTURES = 6
"""Of one event that are sent, at most."""
_NO_TOKEN = Secret("")
_LONGEST = 600.0
_MOST = 3600


@dataclass(frozen=True)
class SecondLooks:
    """A server that speaks as OpenAI's does, and what it is asked.

    Attributes:
        url: its address up to ``/v1``, without a ``/`` at the end.
        model: which of its models.
        token: sent as ``Authorization: Bearer``; empty for none.
        per_hour: events that it is asked about in any hour, at most.
        timeout: seconds that an answer may take.
        blurred: whether pictures are sent in coarse blocks, all of each.
    """

    url: str
    model: str
    token: Secret = _NO_TOKEN
    per_hour: int = 20
    timeout: float = 60.0
    blurred: bool = False

    @property
    def address(self) -> SplitResult:
        """Where to."""
        return urlsplit(f"{self.url}/chat/completions")

    @property
    def host(self) -> str:
        """The server, with its port."""
        return self.address.netloc

    def describe(self) -> str:
        """What is sent where, in words."""
        how = ", in coarse blocks," if self.blurred else ""
        return (
            f"up to {PICTURES} pictures of an alarm's film{how} go to {self.host} ({self.model}), "
            f"of {self.per_hour} alarms an hour at most"
        )


def read_second_look(table: YamlTable) -> SecondLooks:
    """From the cameras file.

    Raises:
        OddframeError: naming the file and the key, for anything that does not fit.
    """
    url = table.text("url")
    wrong = wrong_address(url) or ("more than a path" if "?" in url or "#" in url else "")
    if wrong:
        # The address is not repeated: a part of it may be a secret.
        raise table.error(f"'second_look.url': expected http://HOST:PORT/v1, found {wrong}")
    model = table.text("model")
    if not model or not model.isprintable():
        raise table.wrong("model", "the name of a model", model)
    token = read_secret(table, "token")
    if not token.words.isascii() or not token.words.isprintable():
        raise table.error("'second_look.token': expected printable ASCII, found something else")
    per_hour = table.whole("per_hour", SecondLooks.per_hour, least=1)
    if per_hour > _MOST:
        raise table.wrong("per_hour", f"a whole number from 1 to {_MOST}", per_hour)
    timeout = table.number("timeout", SecondLooks.timeout, _LONGEST)
    if timeout < 1:
        raise table.wrong("timeout", f"seconds, from 1 to {_LONGEST:g}", timeout)
    return SecondLooks(url.rstrip("/"), model, token, per_hour, timeout, table.flag("blurred"))
