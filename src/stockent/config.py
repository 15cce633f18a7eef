"""The settings of one server, read once from the environment and validated as a whole.

`VARIABLES` is the one table of names, defaults and meanings: `stockent serve --help` and the README are made
from it, and nothing is read that does not stand in it. No other module looks at the environment. A problem
names the variable, what was expected and what came; of secrets, keys and passwords only the kind of mistake
is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from .durations import duration_s
from .files.files_url import FilesUrlError, S3Keys, S3Place, parse_files_url
from .keys import UnusableKeyError, key_from_pem, key_from_secret
from .messaging.models import MAX_ATTACHMENTS
from .messaging.policy import Policy
from .networks import MAX_PROXIES, Network, parse_networks
from .origins import ANY_ADDRESS, is_host, is_loopback, own_origins, parse_origin, split_url, url_host
from .rates.settings import RateSettings, default_rates, parse_rates
from .weak_secrets import SECRET_HINT, weakness

MAX_SHOWN_CHARS = 80
MAX_PEM_BYTES = 16_384
MAX_ORIGINS = 100
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("auto", "console", "json")
DATABASE_NAME = "stockent.db"
#: The demo's people and talk never mix with a real store in the same directory.
DEMO_DATABASE_NAME = "demo.db"
DEMO_FILES_NAME = "demo-files"
MAX_PORT = 65_535
#: Longer, and what is kept would rather be pushed out by newer events.
MAX_RECOVERY_WINDOW_S = 900
MAX_ATTACHMENT_MB = 10_000


class Variable(NamedTuple):
    """`default` is the text that is read when the variable is not set; None means there is none."""

    name: str
    default: str | None
    meaning: str


VARIABLES: tuple[Variable, ...] = (
    Variable("HOST", "127.0.0.1", "address that the one port listens on; 0.0.0.0 for every interface"),
    Variable("PORT", "5001", "the one port, for HTTP, WebSocket and long polling; 0 takes a free one"),
    Variable(
        "DATA_DIR", "./data", "directory of the embedded store, of files, and of the demo's generated secret"
    ),
    Variable("DATABASE_URL", None, "sqlite:///path/of/file.db; without it a SQLite file in DATA_DIR"),
    Variable("REDIS_URL", None, "for several nodes; this version runs as one node and refuses it"),
    Variable(
        "JWT_SECRET",
        None,
        "HS256 key of the tokens, at least 32 bytes; needed unless one of the next two is set",
    ),
    Variable("JWT_JWKS_URL", None, "https address of the token issuer's keys (RS256, ES256, EdDSA)"),
    Variable("JWT_PUBLIC_KEY", None, "the token issuer's public key: PEM text, or the path of a PEM file"),
    Variable("JWT_AUDIENCE", None, "audience (aud) that every token must name"),
    Variable("JWT_ISSUER", None, "issuer (iss) that every token must name"),
    Variable(
        "SOCKET_CORS_ORIGIN",
        "http://localhost:3000",
        "exact origins whose pages may use the server, comma-separated; the server's own origin always may",
    ),
    Variable(
        "TRUSTED_PROXIES",
        "127.0.0.0/8, ::1",
        "addresses and networks of proxies whose X-Forwarded-For is believed, comma-separated; or none",
    ),
    Variable(
        "RATE_LIMITS",
        "on",
        "on, off, or limits that differ, such as messages=50/s:500, searches=off; names in docs/limits.md",
    ),
    Variable(
        "FILES_URL",
        None,
        "keeps files in a bucket of S3 or alike: s3://bucket/prefix?endpoint=…&region=…; without it in DATA_DIR",
    ),
    Variable("AWS_ACCESS_KEY_ID", None, "with FILES_URL: the key's id"),
    Variable("AWS_SECRET_ACCESS_KEY", None, "with FILES_URL: the key"),
    Variable("AWS_SESSION_TOKEN", None, "with FILES_URL: only for keys that are lent for a time"),
    Variable("MAX_ATTACHMENTS", "10", "files that one message may carry"),
    Variable("MAX_ATTACHMENT_MB", "25", "megabytes (10^6 bytes) that one file may have"),
    Variable("EDIT_WINDOW", "15m", "for how long a message may be edited: 90s, 15m, 24h, 7d, or forever"),
    Variable("DELETE_WINDOW", "24h", "for how long a message may be deleted for everyone, in the same form"),
    Variable(
        "RECOVERY_WINDOW",
        "2m",
        "for how long a plain socket.io-client may come back to its socket and get what it missed, up to 15m; or off",
    ),
    Variable(
        "LOG_LEVEL", "info", "debug, info, warning or error; debug shows each join, leave, send and receive"
    ),
    Variable("LOG_FORMAT", "auto", "console, json, or auto: console on a terminal, else json"),
)
#: What only who serves or signs must have.
KEYS = frozenset({"JWT_SECRET", "JWT_JWKS_URL", "JWT_PUBLIC_KEY"})
DEFAULTS: Mapping[str, str | None] = {variable.name: variable.default for variable in VARIABLES}


class ConfigError(Exception):
    """Every problem of a configuration at once, one sentence each; nothing secret is in them."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, checked.

    Exactly one of `jwt_secret`, `jwt_jwks_url` and `jwt_public_key` (PEM text) is set. In demo mode none need
    be, until `demo.with_secret` has filled in a generated secret; keyless settings have none, nor `files_keys`.
    """

    host: str
    port: int
    data_dir: Path
    database_url: str
    jwt_secret: str | None = field(repr=False)
    jwt_jwks_url: str | None
    jwt_public_key: str | None
    jwt_audience: str | None
    jwt_issuer: str | None
    cors_origins: tuple[str, ...]
    policy: Policy
    trusted_proxies: tuple[Network, ...]
    rates: RateSettings
    #: Where files lie, or are staged when `files_place` names a bucket.
    files_dir: Path
    files_place: S3Place | None
    files_keys: S3Keys | None
    #: 0: sockets are not recovered.
    recovery_window_s: float
    log_level: str
    log_format: str

    @classmethod
    def load(
        cls,
        environ: Mapping[str, str],
        overrides: Mapping[str, str] | None = None,
        *,
        demo: bool = False,
        demo_public: bool = False,
        keyless: bool = False,
    ) -> Settings:
        """Read and check everything; `overrides` (the command line's, by the same names) win over `environ`.

        An empty value counts as not set. `demo` needs no secret and wants a loopback HOST unless
        `demo_public`. `keyless`, for what neither serves nor signs, reads no key and no secret. Raises
        `ConfigError` with all problems. Touches no file but the PEM file that JWT_PUBLIC_KEY may name.
        """
        values = {**environ, **(overrides or {})}
        reader = _Reader(
            {name: value for name, value in values.items() if not keyless or name not in KEYS},
            keyless=keyless,
        )
        settings = reader.settings(demo=demo, demo_public=demo_public)
        if reader.problems:
            raise ConfigError(tuple(reader.problems))
        return settings

    def allowed_origins(self, *, port: int | None = None) -> frozenset[str]:
        """The exact allow-list: the configured origins and the server's own at `port`, by default
        `self.port`.
        """
        return frozenset(self.cors_origins) | own_origins(self.host, self.port if port is None else port)

    def base_url(self, *, port: int | None = None) -> str:
        """Where a browser on this machine finds the server."""
        name = "127.0.0.1" if self.host in ANY_ADDRESS else url_host(self.host)
        return f"http://{name}:{self.port if port is None else port}"


def describe_variables() -> str:
    """`VARIABLES` as aligned lines, for `--help`."""
    width = max(len(variable.name) for variable in VARIABLES)
    return "\n".join(
        f"{name:<{width}}  {meaning}" + (f" [default: {default}]" if default is not None else "")
        for name, default, meaning in VARIABLES
    )


def markdown_variables() -> str:
    """`VARIABLES` as the table of the README."""
    rows = [
        f"| `{name}` | {'none' if default is None else f'`{default}`'} | {meaning} |"
        for name, default, meaning in VARIABLES
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


class _Reader:
    """Each method returns a usable value and notes a problem instead of raising: one start shows all of them."""

    def __init__(self, values: Mapping[str, str], *, keyless: bool) -> None:
        self._values = values
        self._keyless = keyless
        self.problems: list[str] = []

    def settings(self, *, demo: bool, demo_public: bool) -> Settings:
        data_dir = Path(self._text("DATA_DIR") or ".").expanduser()
        self._refuse_redis()
        jwks_url, pem = self._jwks_url(), self._public_key()
        return Settings(
            host=self._host(demo=demo, demo_public=demo_public),
            port=self._port(),
            data_dir=data_dir,
            database_url=self._database_url(data_dir / (DEMO_DATABASE_NAME if demo else DATABASE_NAME)),
            jwt_secret=self._secret(demo=demo),
            jwt_jwks_url=jwks_url,
            jwt_public_key=pem,
            jwt_audience=self._text("JWT_AUDIENCE"),
            jwt_issuer=self._text("JWT_ISSUER"),
            cors_origins=self._origins(),
            policy=self._policy(),
            trusted_proxies=self._trusted_proxies(),
            rates=self._rates(),
            files_dir=data_dir / DEMO_FILES_NAME if demo else data_dir,
            files_place=self._files_place(demo=demo),
            files_keys=self._files_keys(),
            recovery_window_s=self._recovery_window(),
            log_level=self._choice("LOG_LEVEL", LOG_LEVELS),
            log_format=self._choice("LOG_FORMAT", LOG_FORMATS),
        )

    def _text(self, name: str) -> str | None:
        return self._values.get(name, "").strip() or DEFAULTS[name]

    def _expected(self, name: str, expected: str, came: str) -> None:
        self.problems.append(f"{name}: expected {expected}, got {came}")

    def _host(self, *, demo: bool, demo_public: bool) -> str:
        text = (self._text("HOST") or "").removeprefix("[").removesuffix("]")
        if not is_host(text):
            self._expected("HOST", "a host name or an IP address", _shown(text))
        elif demo and not demo_public and not is_loopback(text):
            self.problems.append(
                f"HOST: the demo lets anyone be anyone, so it expects a loopback address such as 127.0.0.1, "
                f"got {_shown(text)}; --demo-public allows it all the same"
            )
        return text

    def _port(self) -> int:
        text = self._text("PORT") or ""
        if text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= MAX_PORT:
            return int(text)
        self._expected("PORT", f"a whole number from 0 to {MAX_PORT}", _shown(text))
        return 0

    def _policy(self) -> Policy:
        return Policy(
            max_attachments=self._whole("MAX_ATTACHMENTS", 1, MAX_ATTACHMENTS),
            max_attachment_bytes=1_000_000 * self._whole("MAX_ATTACHMENT_MB", 1, MAX_ATTACHMENT_MB),
            edit_window_s=self._window("EDIT_WINDOW"),
            delete_window_s=self._window("DELETE_WINDOW"),
        )

    def _trusted_proxies(self) -> tuple[Network, ...]:
        text = self._text("TRUSTED_PROXIES") or ""
        networks, wrong = parse_networks(text)
        for each in wrong:
            self._expected(
                "TRUSTED_PROXIES", "addresses or networks such as 10.0.0.0/8, or none", _shown(each)
            )
        if len(networks) > MAX_PROXIES:
            self._expected("TRUSTED_PROXIES", f"at most {MAX_PROXIES} networks", str(len(networks)))
        return networks

    def _rates(self) -> RateSettings:
        parsed = parse_rates(self._text("RATE_LIMITS") or "")
        if isinstance(parsed, RateSettings):
            return parsed
        for expected, came in parsed:
            self._expected("RATE_LIMITS", expected, _shown(came))
        return default_rates()

    def _files_place(self, *, demo: bool) -> S3Place | None:
        """The demo's files lie in a folder of their own, in a bucket too: what one store does not know it removes."""
        text = self._text("FILES_URL")
        if text is None:
            return None
        try:
            place = parse_files_url(text)
        except FilesUrlError as error:
            self.problems.append(f"FILES_URL: {error}")
            return None
        return place._replace(prefix="/".join(filter(None, (place.prefix, "demo")))) if demo else place

    def _files_keys(self) -> S3Keys | None:
        """Not looked at without FILES_URL: other programs read the same variables."""
        if self._keyless or self._text("FILES_URL") is None:
            return None
        key_id, key = self._text("AWS_ACCESS_KEY_ID"), self._text("AWS_SECRET_ACCESS_KEY")
        for name, text in (("AWS_ACCESS_KEY_ID", key_id), ("AWS_SECRET_ACCESS_KEY", key)):
            if text is None:
                self._expected(name, "the bucket's key beside FILES_URL", "nothing")
        if key_id is None or key is None:
            return None
        return S3Keys(key_id, key, self._text("AWS_SESSION_TOKEN"))

    def _whole(self, name: str, least: int, most: int) -> int:
        text = self._text(name) or ""
        if text.isascii() and text.isdecimal() and len(text) <= 9 and least <= int(text) <= most:
            return int(text)
        self._expected(name, f"a whole number from {least} to {most}", _shown(text))
        return least

    def _window(self, name: str) -> float | None:
        text = (self._text(name) or "").lower()
        if text == "forever":
            return None
        seconds = duration_s(text)
        if seconds is None:
            self._expected(name, "a time such as 90s, 15m, 24h or 7d, or forever", _shown(text))
        return seconds

    def _recovery_window(self) -> float:
        text = (self._text("RECOVERY_WINDOW") or "").lower()
        if text == "off":
            return 0.0
        seconds = duration_s(text) or 0
        if not 0 < seconds <= MAX_RECOVERY_WINDOW_S:
            self._expected(
                "RECOVERY_WINDOW", "a time from 1s to 15m, such as 90s or 2m, or off", _shown(text)
            )
        return float(seconds)

    def _choice(self, name: str, choices: Sequence[str]) -> str:
        text = (self._text(name) or "").lower()
        if text not in choices:
            self._expected(name, "one of " + ", ".join(choices), _shown(text))
        return text

    def _database_url(self, default: Path) -> str:
        text = self._text("DATABASE_URL") or f"sqlite:///{default}"
        scheme = text.partition(":")[0].lower()
        if scheme.partition("+")[0] in ("postgresql", "postgres"):
            self.problems.append(
                "DATABASE_URL: PostgreSQL comes with a later version; expected sqlite:///path/of/file.db, "
                "or the variable left out for a SQLite file in DATA_DIR"
            )
        elif not text.startswith("sqlite:///") or text == "sqlite:///" or "\0" in text:
            self._expected(
                "DATABASE_URL", "sqlite:///path/of/file.db", f"one that starts with {_shown(scheme)}"
            )
        return text

    def _refuse_redis(self) -> None:
        if self._text("REDIS_URL") is not None:
            self.problems.append(
                "REDIS_URL: several nodes come with a later version; this one runs as a single node, "
                "so expected the variable left out"
            )

    def _secret(self, *, demo: bool) -> str | None:
        keys = [name for name in ("JWT_JWKS_URL", "JWT_PUBLIC_KEY") if self._text(name) is not None]
        secret = self._values.get("JWT_SECRET", "")
        if keys:
            self._refuse_second_key(keys, demo=demo)
            return None
        if not secret.strip():
            if not demo and not self._keyless:
                self._expected(
                    "JWT_SECRET", f"a random secret of at least 32 bytes ({SECRET_HINT})", "nothing"
                )
            return None
        if reason := weakness(secret):
            self.problems.append(f"JWT_SECRET: {reason} ({SECRET_HINT})")
            return secret
        try:
            key_from_secret(secret)
        except UnusableKeyError as refused:
            self.problems.append(f"JWT_SECRET: {refused} ({SECRET_HINT})")
        return secret

    def _refuse_second_key(self, keys: list[str], *, demo: bool) -> None:
        if len(keys) > 1:
            self.problems.append("JWT_PUBLIC_KEY: expected either this or JWT_JWKS_URL, got both")
        if demo:
            self.problems.append(
                f"{keys[0]}: the demo signs its own tokens, so expected JWT_SECRET or nothing with --demo"
            )

    def _jwks_url(self) -> str | None:
        text = self._text("JWT_JWKS_URL")
        if text is None:
            return None
        url = split_url(text)
        if url is None or not url.hostname or url.username is not None or url.fragment:
            self._expected(
                "JWT_JWKS_URL", "an address such as https://id.example.com/jwks.json", "another form"
            )
        elif url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname)):
            self._expected("JWT_JWKS_URL", "https (http only on this machine)", _shown(url.scheme))
        return text

    def _public_key(self) -> str | None:
        text = self._text("JWT_PUBLIC_KEY")
        if text is None:
            return None
        pem = text.replace("\\n", "\n") if "-----" in text else self._read_pem(Path(text))
        if pem is not None:
            try:
                key_from_pem(pem)
            except UnusableKeyError as refused:
                self.problems.append(f"JWT_PUBLIC_KEY: {refused}")
        return pem

    def _read_pem(self, path: Path) -> str | None:
        try:
            with path.open("rb") as file:
                return file.read(MAX_PEM_BYTES).decode("ascii", "replace")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
            self._expected("JWT_PUBLIC_KEY", "PEM text or the path of a readable PEM file", reason)
            return None

    def _origins(self) -> tuple[str, ...]:
        texts = [text.strip() for text in (self._text("SOCKET_CORS_ORIGIN") or "").split(",")]
        origins = [self._origin(text) for text in texts if text]
        if len(origins) > MAX_ORIGINS:
            self._expected("SOCKET_CORS_ORIGIN", f"at most {MAX_ORIGINS} origins", str(len(origins)))
        return tuple(dict.fromkeys(origin for origin in origins if origin is not None))

    def _origin(self, text: str) -> str | None:
        origin = parse_origin(text)
        if origin is None:
            self._expected(
                "SOCKET_CORS_ORIGIN",
                "exact origins such as https://app.example.com, no path and no *",
                _shown(text),
            )
        return origin


def _shown(text: str) -> str:
    cut = text if len(text) <= MAX_SHOWN_CHARS else text[:MAX_SHOWN_CHARS] + "…"
    return repr(cut) if cut else "nothing"
