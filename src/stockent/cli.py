"""The command line: `serve`, `token`, `user`, `check`, `torture`, `migrate`, `backup` and `restore` of `stockent`.

Thin: each command reads settings and calls on.

A configuration that does not hold ends with code 2 and one line a problem; a port in use or a store that cannot open
ends with code 1 and one sentence. No command answers such a mistake with a traceback.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from . import demo as demo_mode
from .auth import mint, new_token_id
from .backup.errors import BackupError
from .config import ConfigError, Settings, describe_variables
from .durations import duration_s
from .messaging.blobs import BlobError
from .messaging.models import Id, Profile, Role
from .messaging.ports import StoreError

MAX_TTL_S = 366 * 86_400
#: What the system refuses for a reason that lies with the machine and its settings.
_OPERATORS = frozenset(
    {
        *(errno.EADDRNOTAVAIL, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO),
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOTDIR, errno.EISDIR, errno.EXDEV),
    }
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stockent-messaging", prog_name="stockent")
def main() -> None:
    """StockENT Messaging: real-time conversations between buyers and sellers."""


@main.command(
    epilog="\b\nEnvironment:\n" + "\n".join("  " + line for line in describe_variables().split("\n"))
)
@click.option("--demo", is_flag=True, help="Invent companies, people and talk; anyone may be any of them.")
@click.option("--demo-public", is_flag=True, help="Let the demo listen on other than a loopback address.")
@click.option("--host", metavar="ADDRESS", help="Instead of HOST.")
@click.option("--port", metavar="NUMBER", help="Instead of PORT.")
@click.option("--data-dir", metavar="DIRECTORY", help="Instead of DATA_DIR.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0, max=600),
    default=10,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for a process that has the port or the store, and is about to end.",
)
def serve(
    *, demo: bool, demo_public: bool, host: str | None, port: str | None, data_dir: str | None, wait: float
) -> None:
    """Run the server: HTTP, Socket.IO and the page on one port.

    SIGTERM or SIGINT stop it in order; a second one at once.
    """
    demo = demo or demo_public
    overrides = _given(HOST=host, PORT=port, DATA_DIR=data_dir)
    settings = _settings(overrides, demo=demo, demo_public=demo_public)

    def on_started(port: int) -> None:
        click.echo(_greeting(settings, port, demo=demo))

    def run() -> None:
        from .server import run as run_server

        run_server(settings, demo=demo, on_started=on_started, wait_s=wait)

    _or_sentence(run, settings)


@main.command()
@click.option("--user", required=True, metavar="ID", help="Whom the token speaks for (sub).")
@click.option("--name", metavar="NAME")
@click.option("--company", metavar="NAME")
@click.option("--country", metavar="NAME")
@click.option("--role", type=click.Choice([role.value for role in Role], case_sensitive=False))
@click.option("--ttl", default="1h", show_default=True, metavar="TIME", help="Life: 30s, 15m, 1h, 7d.")
@click.option("--data-dir", metavar="DIRECTORY", help="Instead of DATA_DIR.")
@click.option("--demo", is_flag=True, help="Sign with the demo's generated secret in DATA_DIR.")
@click.option("--show-jti", is_flag=True, help="Tell on standard error the jti by which it can be revoked.")
def token(
    *,
    user: str,
    name: str | None,
    company: str | None,
    country: str | None,
    role: str | None,
    ttl: str,
    data_dir: str | None,
    demo: bool,
    show_jti: bool,
) -> None:
    """Print a token signed with JWT_SECRET."""
    settings = _settings(_given(DATA_DIR=data_dir), demo=demo)
    if settings.jwt_secret is None:
        raise click.ClickException(
            "tokens are signed by the issuer of the public key, not here; set JWT_SECRET instead"
        )
    profile = Profile(
        id=_user_id(user),
        name=name,
        company_name=company,
        country=country,
        role=None if role is None else Role(role.upper()),
    )
    token_id = new_token_id()
    signed = mint(
        settings.jwt_secret,
        profile,
        _ttl_s(ttl),
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
        token_id=token_id,
    )
    if show_jti:
        click.echo(f"jti: {token_id}", err=True)
    click.echo(signed)


@main.command()
@click.argument("act", type=click.Choice(["disable", "enable", "sign-out"]))
@click.argument("user_id", metavar="ID")
@click.option("--url", metavar="URL", help="The running server; by default the one on HOST and PORT.")
@click.option("--data-dir", metavar="DIRECTORY", help="Instead of DATA_DIR.")
@click.option("--demo", is_flag=True, help="A user of the demo.")
def user(*, act: str, user_id: str, url: str | None, data_dir: str | None, demo: bool) -> None:
    """Disable a user, enable them again, or sign them out everywhere.

    A running server is told so over HTTP, with a token signed with JWT_SECRET; without one the store is changed.
    """
    from .operating import Act, OperatingError, change_access

    settings = _settings(_given(DATA_DIR=data_dir), demo=demo)

    def run() -> None:
        try:
            click.echo(asyncio.run(change_access(settings, Act(act), _user_id(user_id, "ID"), url=url)))
        except OperatingError as error:
            raise click.ClickException(str(error)) from None

    _or_sentence(run, settings)


@main.command()
@click.option("--url", metavar="URL", help="A running server; without it one is started for the check.")
def check(*, url: str | None) -> None:
    """Run the real-time check and print a table of its steps; exits non-zero when one fails."""
    from .check import run_check

    sys.exit(run_check(url))


@main.command()
@click.option("--rounds", type=int, metavar="N", help="At least so many lives of the server.")
@click.option("--kills", type=int, metavar="N", help="At least so many kills.")
@click.option("--messages", type=int, metavar="N", help="At least so many acked messages.")
@click.option("--duration", metavar="TIME", help="At least so long: 30s, 15m. Without any goal: 45s.")
@click.option("--users", type=int, default=20, show_default=True, metavar="N")
@click.option("--conversations", type=int, default=30, show_default=True, metavar="N")
@click.option("--connections", type=int, default=30, show_default=True, metavar="N")
@click.option(
    "--window", type=int, default=16, show_default=True, metavar="N", help="Commands under way on each."
)
@click.option(
    "--polling", type=float, default=0.2, show_default=True, metavar="SHARE", help="By long polling."
)
@click.option(
    "--seed", type=int, default=0, metavar="N", help="To do the same again; else a new one is told."
)
@click.option("--faults", metavar="KINDS", help="Comma-separated, all by default; they are listed above.")
@click.option("--data-dir", type=Path, metavar="DIRECTORY", help="An empty one, which is kept.")
@click.option("--history", type=Path, metavar="FILE", help="Where the history is kept.")
@click.option("--json", "json_path", type=Path, metavar="FILE", help="Write the figures there too.")
@click.option("--check-history", type=Path, metavar="FILE", help="Only judge a history that was kept.")
def torture(
    *,
    duration: str | None,
    faults: str | None,
    json_path: Path | None,
    check_history: Path | None,
    **given: Any,
) -> None:
    """Kill and disturb a server under load, and prove that nothing is lost; exits non-zero when something is.

    \b
    Faults: kill   SIGKILL at a random moment, and a restart
            term   SIGTERM, a drain, and a restart
            pause  SIGSTOP, and SIGCONT after a while
            cut    TCP resets of one, some or all connections, also in the middle of a frame
            proxy  a proxy that cuts responses at a random byte
            slow   clients that stop reading for a while
            away   clients that stay away, for longer than a gap can be told
            crash  clients that come back with their outbox only
    """
    from . import torture as proof

    if check_history is not None:
        sys.exit(proof.check_history(check_history))
    options = proof.Options(
        **given,
        duration_s=None if duration is None else _goal_s(duration),
        faults=frozenset(proof.FAULTS if faults is None else filter(None, faults.split(","))),
        json=json_path,
    )
    sys.exit(proof.run_torture(options))


@main.command()
@click.option("--data-dir", metavar="DIRECTORY", help="Instead of DATA_DIR.")
@click.option("--demo", is_flag=True, help="The demo's store instead.")
def migrate(*, data_dir: str | None, demo: bool) -> None:
    """Bring the store to the newest schema; `serve` does so too at start."""
    settings = _settings(_given(DATA_DIR=data_dir), demo=demo)

    def run() -> None:
        from .store import migrate as migrate_store

        migrate_store(settings.database_url)

    _or_sentence(run, settings)
    click.echo(f"{settings.database_url} has the newest schema")


@main.command()
@click.option(
    "--to", metavar="DIRECTORY", help="Which must not be there yet; by default a new one in DATA_DIR/backups."
)
@click.option("--verify", metavar="DIRECTORY", help="Prove a backup that is there instead of making one.")
@click.option("--force", is_flag=True, help="Replace a backup that is at --to.")
@click.option(
    "--max-rate", type=click.IntRange(min=1), metavar="MB", help="Copy at most so many megabytes a second."
)
@click.option("--data-dir", metavar="DIRECTORY", help="Instead of DATA_DIR.")
@click.option("--demo", is_flag=True, help="The demo's store instead.")
def backup(
    *, to: str | None, verify: str | None, force: bool, max_rate: int | None, data_dir: str | None, demo: bool
) -> None:
    """Copy the store and its files, also while the server runs; prove the copy.

    Needs no key: DATA_DIR, DATABASE_URL and FILES_URL are all that it reads. What is at --to is whole, or not there.
    """
    if verify is not None and (to is not None or force or max_rate is not None):
        raise click.UsageError("--verify only reads: expected it without --to, --force and --max-rate")
    settings = _settings(_given(DATA_DIR=data_dir), demo=demo, keyless=True)

    def run() -> None:
        from . import backup as backups

        if verify is not None:
            _tell_backup("is whole", Path(verify), backups.verify(Path(verify)))
            return
        with _cleaning_up():
            made = backups.make(
                settings,
                None if to is None else Path(to),
                demo=demo,
                force=force,
                max_bytes_per_s=None if max_rate is None else max_rate * 1_000_000,
            )
        _tell_backup("was made", *made)

    _or_sentence(run, settings)


@main.command()
@click.argument("backup", metavar="BACKUP")
@click.option("--force", is_flag=True, help="Keep a store that is there beside the restored one.")
@click.option("--data-dir", metavar="DIRECTORY", help="Instead of DATA_DIR.")
@click.option("--demo", is_flag=True, help="The demo's store instead.")
def restore(*, backup: str, force: bool, data_dir: str | None, demo: bool) -> None:
    """Put a backup in place of a store, while no server runs.

    All of it is proved before anything changes. Clients notice, by the store's new epoch, and load anew; what they have
    written and that the backup does not hold, they send again.
    """
    settings = _settings(_given(DATA_DIR=data_dir), demo=demo, keyless=True)

    def run() -> None:
        from . import backup as backups

        with _cleaning_up():
            restored = backups.restore(Path(backup), settings, demo=demo, force=force)
        _tell_backup("was restored", Path(backup), restored.manifest)
        for kept in restored.kept:
            click.echo(f"What was there before is kept: {kept}")

    _or_sentence(run, settings)


@contextmanager
def _cleaning_up() -> Iterator[None]:
    """SIGTERM ends the block as an exception does, so that what is half-made is removed."""
    former = signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _tell_backup(what: str, path: Path, manifest: Any) -> None:
    counts, files = manifest.counts, manifest.files
    kept = (
        f"{files.count} files" if files.bucket is None else f"without its files, which are in {files.bucket}"
    )
    click.echo(
        f"{path} {what}: {counts.users} users, {counts.conversations} conversations, {counts.messages} messages, "
        f"{kept}; as of {manifest.made_at}"
    )
    if files.missing:
        click.echo(
            f"Warning: {len(files.missing)} files of the store were not found; see its manifest", err=True
        )


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _settings(
    overrides: dict[str, str], *, demo: bool, demo_public: bool = False, keyless: bool = False
) -> Settings:
    try:
        settings = Settings.load(os.environ, overrides, demo=demo, demo_public=demo_public, keyless=keyless)
        return demo_mode.with_secret(settings) if demo and not keyless else settings
    except ConfigError as error:
        click.echo("The configuration does not hold:", err=True)
        for problem in error.problems:
            click.echo(f"  {problem}", err=True)
        sys.exit(2)


def _or_sentence(run: Callable[[], Any], settings: Settings) -> None:
    """Turn the mistakes of an operator into one sentence; anything else is a fault and keeps its traceback."""
    try:
        run()
    except (StoreError, BlobError, BackupError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise click.ClickException(
                f"port {settings.port} on {settings.host} is in use; stop what uses it or choose another with --port"
            ) from None
        if error.errno in _OPERATORS:
            raise click.ClickException(str(error)) from None
        raise


def _greeting(settings: Settings, port: int, *, demo: bool) -> str:
    url = settings.base_url(port=port)
    if not demo:
        return f"StockENT Messaging listens at {url}"
    return (
        f"StockENT Messaging demo: open {url} and choose who you are.\n"
        f"Open it in a second tab as somebody else, and talk. Its data is in {settings.data_dir}."
    )


def _user_id(text: str, hint: str = "--user") -> str:
    try:
        return msgspec.convert(text, Id)
    except msgspec.ValidationError as error:
        raise click.BadParameter(f"{error}, got {text[:80]!r}", param_hint=hint) from None


def _goal_s(text: str) -> int:
    seconds = duration_s(text)
    if seconds is None:
        raise click.BadParameter(
            f"expected a time such as 30s or 15m, got {text[:80]!r}", param_hint="--duration"
        )
    return seconds


def _ttl_s(text: str) -> int:
    seconds = duration_s(text)
    if seconds is None or not 1 <= seconds <= MAX_TTL_S:
        raise click.BadParameter(
            f"expected a time such as 30s, 15m, 1h or 7d, at most 366d, got {text[:80]!r}", param_hint="--ttl"
        )
    return seconds
