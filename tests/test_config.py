"""The settings: what is read, what is refused, and that every problem is told at once without a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from stockent.config import VARIABLES, ConfigError, Settings, describe_variables, markdown_variables
from stockent.rates import default_rates

SECRET = "b8c1f0aa53e94c61a7d2e4960f31d58c"


def load(overrides: dict[str, str] | None = None, **environ: str) -> Settings:
    return Settings.load({"JWT_SECRET": SECRET, **environ}, overrides)


def problems(**environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refused:
        load({}, **environ)
    return refused.value.problems


def pem_of(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


P256_PEM = pem_of(ec.generate_private_key(ec.SECP256R1()))


def test_a_secret_alone_is_enough_and_the_rest_has_the_contracts_defaults() -> None:
    settings = load()
    assert (settings.host, settings.port) == ("127.0.0.1", 5001)
    assert settings.data_dir == Path("data")
    assert settings.database_url == "sqlite:///data/stockent.db"
    assert settings.cors_origins == ("http://localhost:3000",)
    assert (settings.log_level, settings.log_format) == ("info", "auto")
    assert settings.jwt_secret == SECRET


def test_the_command_line_wins_over_the_environment_and_an_empty_value_counts_as_none() -> None:
    settings = load({"PORT": "7000"}, PORT="6000", HOST="", LOG_LEVEL=" DEBUG ")
    assert (settings.port, settings.host, settings.log_level) == (7000, "127.0.0.1", "debug")


def test_all_problems_are_told_at_once_each_with_its_variable_and_what_came() -> None:
    told = problems(
        PORT="http",
        HOST="a b",
        LOG_LEVEL="loud",
        LOG_FORMAT="xml",
        SOCKET_CORS_ORIGIN="*",
        JWT_SECRET="short",
    )
    assert [problem.split(":")[0] for problem in told] == [
        "HOST",
        "PORT",
        "JWT_SECRET",
        "SOCKET_CORS_ORIGIN",
        "LOG_LEVEL",
        "LOG_FORMAT",
    ]
    assert "PORT: expected a whole number from 0 to 65535, got 'http'" in told


@pytest.mark.parametrize("port", ["-1", "65536", "5001.0", "0x10", "９", "1" * 5_000])
def test_a_port_is_a_whole_number_within_range(port: str) -> None:
    assert load(PORT="65535").port == 65_535
    assert load(PORT="0").port == 0
    [problem] = problems(PORT=port)
    assert problem.startswith("PORT:")
    assert len(problem) < 200


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "   ",
        "x" * 31,
        "é" * 15,
        "x" * 64,
        "abababababababababababababababababab",
        "1234567812345678123456781234567812345678",
        "secretsecretsecretsecretsecretsecret",
        "changeme-changeme-changeme-changeme",
        "your-256-bit-secret-your-256-bit-secret",
        "your-super-secret-jwt-key-change-this-in-production",
        "a-string-secret-at-least-256-bits-long",
        "secret-key-for-jwt-must-be-very-long-please",
        "please-change-me-3f9c1b7e5d2a4c6f8e0b",
        "0123456789abcdef0123456789abcdef",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "YOUR_JWT_SECRET_HERE_0000000000000000",
        "x" * 5_000 + "0123456789",
        "\udcff" * 40,
    ],
)
def test_a_missing_short_or_known_secret_is_refused_and_not_shown(secret: str) -> None:
    [problem] = problems(JWT_SECRET=secret)
    assert problem.startswith("JWT_SECRET:")
    assert "openssl rand -hex 32" in problem
    assert not secret.strip() or secret not in problem


@pytest.mark.parametrize(
    "secret",
    [
        "b8c1f0aa53e94c61a7d2e4960f31d58c",
        "Qm9v-7xk2LwPz_0sTtVnEe41RrYyUuIi",
        "correct horse battery staple mountain river",
        "  kept with its spaces 7281 and all  ",
    ],
)
def test_a_random_secret_is_taken_as_it_is(secret: str) -> None:
    assert load(JWT_SECRET=secret).jwt_secret == secret


def test_a_public_key_is_no_secret() -> None:
    [problem] = problems(JWT_SECRET=P256_PEM)
    assert problem.startswith("JWT_SECRET: expected a secret, got a public key")


def test_the_settings_do_not_show_their_secret() -> None:
    assert SECRET not in repr(load())


def test_a_public_key_takes_the_place_of_the_secret(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(P256_PEM)
    for value in (P256_PEM, P256_PEM.replace("\n", "\\n"), str(file)):
        settings = Settings.load({"JWT_PUBLIC_KEY": value})
        assert settings.jwt_public_key is not None
        assert settings.jwt_public_key.strip() == P256_PEM.strip()
        assert settings.jwt_secret is None
    assert load(JWT_PUBLIC_KEY=P256_PEM).jwt_secret is None


def test_a_key_that_cannot_verify_is_refused_without_showing_it(tmp_path: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    private_pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    cases = {
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----": "PEM text",
        private_pem: "private key",
        pem_of(rsa.generate_private_key(65537, 1024)): "2048",
        pem_of(ec.generate_private_key(ec.SECP384R1())): "P-256",
        str(tmp_path / "missing.pem"): "PEM file",
        str(tmp_path): "PEM file",
    }
    for value, reason in cases.items():
        [problem] = problems(JWT_PUBLIC_KEY=value)
        assert problem.startswith("JWT_PUBLIC_KEY:")
        assert reason in problem
        assert private_pem.splitlines()[1] not in problem


def test_a_jwks_address_is_https_or_on_this_machine() -> None:
    for url in ("https://id.example.com/jwks.json", "http://127.0.0.1:9000/jwks", "http://localhost/jwks"):
        assert Settings.load({"JWT_JWKS_URL": url}).jwt_jwks_url == url
    for url in (
        "http://id.example.com/jwks",
        "ftp://x/y",
        "file:///etc/passwd",
        "jwks.json",
        "https://u:pw@x/y",
    ):
        [problem] = problems(JWT_JWKS_URL=url)
        assert problem.startswith("JWT_JWKS_URL:")
        assert "pw" not in problem
    both = problems(JWT_JWKS_URL="https://id.example.com/jwks.json", JWT_PUBLIC_KEY=P256_PEM)
    assert "got both" in both[0]


def test_postgresql_and_redis_are_told_to_come_later_without_showing_the_address() -> None:
    for url in (
        "postgresql://ann:hunter2@db/x",
        "postgres://ann:hunter2@db/x",
        "postgresql+asyncpg://ann:hunter2@db",
    ):
        [problem] = problems(DATABASE_URL=url)
        assert problem.startswith("DATABASE_URL:")
        assert "later version" in problem
        assert "hunter2" not in problem
    [problem] = problems(REDIS_URL="redis://:hunter2@cache:6379/0")
    assert "REDIS_URL" in problem
    assert "later version" in problem
    assert "hunter2" not in problem


def test_a_database_url_is_sqlite_with_a_path() -> None:
    assert load(DATABASE_URL="sqlite:////var/lib/x.db").database_url == "sqlite:////var/lib/x.db"
    for url in ("mysql://x/y", "x.db", "sqlite://", "sqlite:///", "sqlite:relative"):
        [problem] = problems(DATABASE_URL=url)
        assert problem.startswith("DATABASE_URL: expected sqlite:///")


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "shop.example",
        "ftp://shop.example",
        "https://shop.example/app",
        "https://shop.example?x",
        "https://shop.example#x",
        "https://user@shop.example",
        "https://*.shop.example",
        "https://shop.example:99999",
        "https://",
        "https://shop example",
        "https://sho\u0440.example",
        "https://shop.example//",
    ],
)
def test_an_origin_is_exact(origin: str) -> None:
    [problem] = problems(SOCKET_CORS_ORIGIN=f"https://good.example,{origin}")
    assert problem.startswith("SOCKET_CORS_ORIGIN:")


def test_origins_are_kept_as_browsers_write_them() -> None:
    settings = load(
        SOCKET_CORS_ORIGIN=" https://Shop.Example:443/ , http://[::1]:3000,https://shop.example ,"
    )
    assert settings.cors_origins == ("https://shop.example", "http://[::1]:3000")


def test_the_servers_own_origin_is_always_allowed() -> None:
    loopback = {"http://127.0.0.1:5001", "http://localhost:5001", "http://[::1]:5001"}
    assert load(SOCKET_CORS_ORIGIN="https://a.example").allowed_origins() == {"https://a.example", *loopback}
    assert load(HOST="0.0.0.0").allowed_origins() >= loopback
    inside = load(HOST="10.1.2.3", PORT="80", SOCKET_CORS_ORIGIN="https://a.example")
    assert inside.allowed_origins() == {"https://a.example", "http://10.1.2.3"}
    assert "http://127.0.0.1:4321" in load(PORT="0").allowed_origins(port=4321)


def test_the_address_for_people_is_one_that_a_browser_can_open() -> None:
    assert load().base_url() == "http://127.0.0.1:5001"
    assert load(HOST="0.0.0.0", PORT="0").base_url(port=81) == "http://127.0.0.1:81"
    assert load(HOST="::1").base_url() == "http://[::1]:5001"


def test_the_demo_needs_no_secret_has_its_own_file_and_stays_on_this_machine() -> None:
    demo = Settings.load({}, demo=True)
    assert demo.jwt_secret is None
    assert demo.database_url == "sqlite:///data/demo.db"
    with pytest.raises(ConfigError, match="--demo-public"):
        Settings.load({"HOST": "0.0.0.0"}, demo=True)
    assert Settings.load({"HOST": "0.0.0.0"}, demo=True, demo_public=True).host == "0.0.0.0"
    with pytest.raises(ConfigError, match="demo signs its own tokens"):
        Settings.load({"JWT_PUBLIC_KEY": P256_PEM}, demo=True)
    with pytest.raises(ConfigError, match="known example"):
        Settings.load({"JWT_SECRET": "changeme" + "5f2a9c1e" * 4}, demo=True)


def test_help_and_readme_table_name_every_variable_with_its_default() -> None:
    for table in (describe_variables(), markdown_variables()):
        for variable in VARIABLES:
            assert variable.name in table
            assert variable.meaning in table
            assert variable.default is None or variable.default in table


@pytest.mark.parametrize(
    ("given", "seconds"), [("90s", 90), ("15m", 900), ("2H", 7_200), ("7d", 604_800), ("forever", None)]
)
def test_how_long_words_can_be_taken_back_is_a_time_or_for_ever(given: str, seconds: float | None) -> None:
    settings = load(EDIT_WINDOW=given, DELETE_WINDOW=given)
    assert (settings.policy.edit_window_s, settings.policy.delete_window_s) == (seconds, seconds)


@pytest.mark.parametrize("name", ["EDIT_WINDOW", "DELETE_WINDOW"])
@pytest.mark.parametrize("given", ["15", "1.5h", "-1m", "soon", "1w"])
def test_a_time_that_is_none_is_refused_by_its_name(name: str, given: str) -> None:
    [problem] = problems(**{name: given})
    assert problem.startswith(
        f"{name}: expected a time such as 90s, 15m, 24h or 7d, or forever, got {given!r}"
    )


@pytest.mark.parametrize(("name", "most"), [("MAX_ATTACHMENTS", "100"), ("MAX_ATTACHMENT_MB", "10000")])
def test_what_files_are_allowed_has_bounds(name: str, most: str) -> None:
    assert load(None, **{name: most})
    for given in ("0", "-1", "ten", "1.5", most + "0"):
        assert problems(**{name: given}) == (
            f"{name}: expected a whole number from 1 to {most}, got {given!r}",
        )


S3_URL = "s3://files/prefix?endpoint=http://127.0.0.1:9000"
S3_KEYS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "canary-key"}


def test_files_lie_beside_the_store_unless_a_bucket_is_named() -> None:
    settings = load({}, DATA_DIR="/srv/data", **S3_KEYS)
    assert (settings.files_dir, settings.files_place, settings.files_keys) == (Path("/srv/data"), None, None)
    settings = load({}, DATA_DIR="/srv/data", FILES_URL=S3_URL, AWS_SESSION_TOKEN="lent", **S3_KEYS)
    assert settings.files_place is not None
    assert (settings.files_place.bucket, settings.files_place.prefix) == ("files", "prefix")
    assert settings.files_keys is not None
    assert (settings.files_keys.access_key_id, settings.files_keys.session_token) == ("id", "lent")
    assert "canary-key" not in repr(settings)
    assert "lent" not in repr(settings)


@pytest.mark.parametrize(("url", "prefix"), [(S3_URL, "prefix/demo"), ("s3://files", "demo")])
def test_the_demos_files_mix_with_no_others(url: str, prefix: str) -> None:
    demo = Settings.load({"DATA_DIR": "/srv/data", "FILES_URL": url, **S3_KEYS}, demo=True)
    assert demo.files_dir == Path("/srv/data/demo-files")
    assert demo.files_place is not None
    assert demo.files_place.prefix == prefix


def test_a_bucket_needs_an_address_and_both_keys_and_none_of_them_is_told() -> None:
    told = problems(FILES_URL="s3://files?colour=red", AWS_SECRET_ACCESS_KEY="canary-key")
    assert [problem.split(":")[0] for problem in told] == ["FILES_URL", "AWS_ACCESS_KEY_ID"]
    assert "colour" in told[0]
    assert "canary" not in str(told)
    assert [problem.split(":")[0] for problem in problems(FILES_URL=S3_URL)] == list(S3_KEYS)
    assert load({}, FILES_URL=S3_URL, **S3_KEYS).files_place


@pytest.mark.parametrize(("given", "seconds"), [("", 120), ("90s", 90), ("15M", 900), ("1s", 1), ("off", 0)])
def test_how_long_a_lost_socket_may_come_back_is_a_time_or_off(given: str, seconds: float) -> None:
    assert load(RECOVERY_WINDOW=given).recovery_window_s == seconds


@pytest.mark.parametrize("given", ["0s", "16m", "120", "forever", "-1s", "on"])
def test_how_long_a_lost_socket_may_come_back_has_a_bound(given: str) -> None:
    [problem] = problems(RECOVERY_WINDOW=given)
    assert problem.startswith("RECOVERY_WINDOW: expected a time from 1s to 15m")


def test_this_machine_alone_is_a_trusted_proxy_unless_others_are_named() -> None:
    assert [str(each) for each in load().trusted_proxies] == ["127.0.0.0/8", "::1/128"]
    named = load(TRUSTED_PROXIES=" 10.0.0.0/8,192.0.2.1 , 2001:db8::/32,").trusted_proxies
    assert [str(each) for each in named] == ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"]
    assert load(TRUSTED_PROXIES="None").trusted_proxies == ()


@pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.1/8", "10.0.0.0/33", "*", "10.0.0", "::1/129"])
def test_a_trusted_proxy_is_an_address_or_a_network(wrong: str) -> None:
    [problem] = problems(TRUSTED_PROXIES=f"10.0.0.0/8, {wrong}")
    assert problem == (
        f"TRUSTED_PROXIES: expected addresses or networks such as 10.0.0.0/8, or none, got {wrong!r}"
    )


def test_trusted_proxies_are_not_endless() -> None:
    [problem] = problems(TRUSTED_PROXIES=",".join(f"10.0.{number}.0/24" for number in range(101)))
    assert problem == "TRUSTED_PROXIES: expected at most 100 networks, got 101"


def test_each_mistake_in_the_rates_is_a_problem() -> None:
    assert load().rates == default_rates()
    told = problems(RATE_LIMITS="messages=fast, serches=1/s")
    assert [each.partition(" expected ")[0] for each in told] == ["RATE_LIMITS:", "RATE_LIMITS:"]
    assert told[0] == (
        "RATE_LIMITS: expected messages=count/time:burst such as 20/s:100 or 60/h:30, or off, got 'fast'"
    )
