"""Keys that verify tokens: one key, one algorithm, decided by the key and never by the token.

`config` checks a configured key with `key_from_pem`; `jwks` reads a key set with `keys_from_jwks`. A token's
`alg` is only ever compared with the algorithm found here, which closes `alg: none` and RS256/HS256 confusion.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWK
from jwt.algorithms import get_default_algorithms
from jwt.exceptions import PyJWTError

MIN_RSA_BITS = 2_048
MAX_RSA_BITS = 8_192
MAX_JWKS_KEYS = 100

_ALGORITHMS = get_default_algorithms()


class UnusableKeyError(Exception):
    """A key that cannot verify tokens; the text says why and shows nothing of the key."""


class VerifyKey(NamedTuple):
    """`kid` names it within a key set; None for the one configured key."""

    algorithm: str
    key: Any
    kid: str | None = None

    def verifies(self, signed: bytes, signature: bytes) -> bool:
        return bool(_ALGORITHMS[self.algorithm].verify(signed, self.key, signature))


def key_from_secret(secret: str) -> VerifyKey:
    """Raises `UnusableKeyError` for a public key: who knows that one could sign by it."""
    try:
        return VerifyKey("HS256", _ALGORITHMS["HS256"].prepare_key(secret.encode()))
    except PyJWTError:
        raise UnusableKeyError("expected a secret, got a public key or a certificate") from None


def key_from_pem(pem: str) -> VerifyKey:
    """Read a PEM public key. Raises `UnusableKeyError` for anything else, a private key above all."""
    if "PRIVATE KEY" in pem:
        raise UnusableKeyError(
            "expected a public key, got a private key, which belongs to the token's issuer alone"
        )
    try:
        key = load_pem_public_key(pem.encode("ascii", "replace"))
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKeyError('expected PEM text that starts with "-----BEGIN PUBLIC KEY-----"') from None
    return VerifyKey(_algorithm(key), key)


def keys_from_jwks(document: bytes) -> tuple[VerifyKey, ...]:
    """Read the signature keys of a JWKS (RFC 7517 section 5); keys of other kinds or uses are passed over.

    A symmetric key (`oct`) is one of those: a published secret must never verify a token. Raises
    `UnusableKeyError` when the document is no key set.
    """
    try:
        entries = msgspec.json.decode(document, type=_KeySet).keys
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise UnusableKeyError('expected a JSON object with a list "keys"') from None
    found = (_key_from_jwk(entry) for entry in entries[:MAX_JWKS_KEYS])
    return tuple(key for key in found if key is not None)


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


def _key_from_jwk(entry: dict[str, Any]) -> VerifyKey | None:
    if entry.get("use", "sig") != "sig" or entry.get("kty") not in ("RSA", "EC", "OKP"):
        return None
    try:
        key = PyJWK(entry).key
        algorithm = _algorithm(key)
    except (PyJWTError, UnusableKeyError, ValueError, TypeError, KeyError):
        return None
    if entry.get("alg", algorithm) != algorithm:
        return None
    kid = entry.get("kid")
    return VerifyKey(algorithm, key, kid if isinstance(kid, str) else None)


def _algorithm(key: object) -> str:
    if isinstance(key, RSAPublicKey) and MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        return "RS256"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return "ES256"
    if isinstance(key, Ed25519PublicKey):
        return "EdDSA"
    raise UnusableKeyError(
        f"expected RSA of {MIN_RSA_BITS} to {MAX_RSA_BITS} bits, P-256 or Ed25519, got another kind of key"
    )
