"""Every forged token of the security cases, built from a genuine key, for whatever verifies tokens.

The one who tests presents each token where a genuine one of `claims` is accepted, before and after; all are refused.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwe
from joserfc.jwk import import_key

from avow.core.tokens import SigningKey, sign

__all__ = ["Forgery", "forgeries"]

Claims = Mapping[str, object]
Rows = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Forgery:
    """One token that nobody may accept.

    Attributes:
        case_id: The security case it belongs to.
        title: What is wrong with it.
        token: The token.
        over_the_wire: It can stand in an HTTP header (no control characters, under 8 kB).
    """

    case_id: str
    title: str
    token: str

    @property
    def over_the_wire(self) -> bool:
        return len(self.token) < 8_000 and self.token.isascii() and self.token.isprintable()

    def __str__(self) -> str:
        return f"{self.case_id}: {self.title}"


def forgeries(
    key: SigningKey,
    claims: Claims,
    *,
    canary: str = "http://127.0.0.1:9/keys",
    max_lifetime_seconds: int = 400 * 86_400,
    typ: str = "JWT",
) -> Iterable[Forgery]:
    """Build the forged tokens.

    Args:
        key: The genuine key, with its private half.
        claims: Claims that the verifier accepts now: iss, sub, drn, exp, and iat as the present.
        canary: Where the headers `jku` and `x5u` point; nothing may ask there.
        max_lifetime_seconds: What the verifier allows at most.
        typ: Header `typ` of the genuine tokens.
    """
    with _of_type(typ):
        return _forged(key, claims, canary, max_lifetime_seconds)


_TYP: ContextVar[str] = ContextVar("typ", default="JWT")


@contextmanager
def _of_type(typ: str) -> Iterator[None]:
    """Forge tokens of a type."""
    before = _TYP.set(typ)
    try:
        yield
    finally:
        _TYP.reset(before)


def _sign(key: SigningKey, claims: Claims) -> str:
    return sign(key, claims, typ=_TYP.get())


def _forged(key: SigningKey, claims: Claims, canary: str, max_lifetime_seconds: int) -> list[Forgery]:
    return [
        Forgery(case_id, title, token)
        for case_id, rows in (
            ("S-JWT-01", _none(key, claims)),
            ("S-JWT-02", _confusion(key, claims)),
            ("S-JWT-03", _changed(key, claims)),
            ("S-JWT-04", _embedded_key(key, claims)),
            ("S-JWT-05", _remote_key(key, claims, canary)),
            ("S-JWT-06", _kids(key, claims)),
            ("S-JWT-07", _critical(key, claims)),
            ("S-JWT-08", _unencoded(key, claims)),
            ("S-JWT-09", _times(key, claims, max_lifetime_seconds)),
            ("S-JWT-10", _other_project(key, claims)),
            ("S-JWT-11", _issuers(key, claims)),
            ("S-JWT-12", _audiences(key, claims)),
            ("S-JWT-13", _wrong_keys(key, claims)),
            ("S-JWT-14", _oversized(key, claims)),
            ("S-JWT-15", _duplicates(key, claims)),
            ("S-JWT-16", _encrypted(key, claims)),
            ("S-JWT-17", _spellings(key, claims)),
            ("S-TYP-01", _kinds(key, claims)),
            ("S-SDK-01", _other_algorithms(key, claims)),
        )
        for title, token in rows
    ]


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _header(key: SigningKey, **changes: object) -> dict[str, object]:
    """Return the header that belongs to the key, changed; None removes a member."""
    header: dict[str, object] = {"alg": key.algorithm, "kid": key.kid, "typ": _TYP.get()} | changes
    return {name: value for name, value in header.items() if value is not None}


def _signed(key: SigningKey, header: bytes | Mapping[str, object], payload: bytes | Claims) -> str:
    """Return a token of any header and payload, with a right signature of `key`."""
    parts = [_b64(part if isinstance(part, bytes) else _json(part)) for part in (header, payload)]
    return _signed_parts(key, *parts)


def _signed_parts(key: SigningKey, header: str, payload: str) -> str:
    message = f"{header}.{payload}"
    return f"{message}.{_b64(key.signature(message.encode()))}"


def _maced(secret: bytes, header: Mapping[str, object], claims: Claims) -> str:
    message = f"{_b64(_json(header))}.{_b64(_json(claims))}"
    return f"{message}.{_b64(hmac.digest(secret, message.encode(), hashlib.sha256))}"


def _without(claims: Claims, name: str) -> dict[str, object]:
    return {key: value for key, value in claims.items() if key != name}


def _now(claims: Claims) -> int:
    now = claims["iat"]
    assert isinstance(now, int)
    return now


def _none(key: SigningKey, claims: Claims) -> Rows:
    for name in ("none", "None", "NONE", "nOnE"):
        body = f"{_b64(_json(_header(key, alg=name)))}.{_b64(_json(claims))}."
        yield f"alg {name}, no signature", body
        yield f"alg {name}, the genuine signature", body + _sign(key, claims).rpartition(".")[2]


def _confusion(key: SigningKey, claims: Claims) -> Rows:
    pem = key.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = key.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    secrets = {"PEM": pem, "PEM, no last newline": pem.rstrip(), "DER": der, "JWK": key.public_jwk().encode()}
    secrets["PEM without its frame"] = b"".join(pem.splitlines()[1:-1])
    for name, secret in secrets.items():
        yield f"HS256 with the public key as {name}", _maced(secret, _header(key, alg="HS256"), claims)
        yield f"HMAC with the public key as {name} under the key's own alg", _maced(secret, _header(key), claims)


def _changed(key: SigningKey, claims: Claims) -> Rows:
    header, _, signature = _sign(key, claims).split(".")
    exp = claims["exp"]
    assert isinstance(exp, int)
    for name, value in (("sub", "Uvictim"), ("roles", ["admin"]), ("exp", exp + 86_400)):
        yield f"{name} changed, signature kept", f"{header}.{_b64(_json({**claims, name: value}))}.{signature}"


def _embedded_key(key: SigningKey, claims: Claims) -> Rows:
    own = SigningKey.generate(key.algorithm)
    jwk = json.loads(own.public_jwk())
    yield "own key in jwk, real kid", _signed(own, _header(key, jwk=jwk), claims)
    yield "own key in jwk, own kid", _signed(own, _header(own, jwk=jwk), claims)
    yield "own key in jwk, no kid", _signed(own, _header(key, jwk=jwk, kid=None), claims)
    yield "the real key in jwk, rightly signed", _signed(key, _header(key, jwk=json.loads(key.public_jwk())), claims)


def _remote_key(key: SigningKey, claims: Claims, canary: str) -> Rows:
    own = SigningKey.generate(key.algorithm)
    for name in ("jku", "x5u"):
        yield f"own key by {name}", _signed(own, _header(key, **{name: canary}), claims)
        yield f"own key by {name}, own kid", _signed(own, _header(own, **{name: canary}), claims)
        yield f"{name}, rightly signed", _signed(key, _header(key, **{name: canary}), claims)
    certificate = base64.b64encode(own.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    yield "own key in x5c", _signed(own, _header(key, x5c=[certificate]), claims)


def _kids(key: SigningKey, claims: Claims) -> Rows:
    kids: dict[str, object] = {
        "a path": "../../../../dev/null",
        "an absolute path": "/etc/passwd",
        "SQL": "x' OR '1'='1",
        "SQL with UNION": "x' UNION SELECT 'k'--",
        "10 kB": "k" * 10_000,
        "129 characters": "k" * 129,
        "empty": "",
        "an integer": 1,
        "a list": [key.kid],
        "an object": {"kid": key.kid},
    }
    for name, kid in kids.items():
        for secret in (b"", b"k"):
            yield f"kid is {name}, HS256 {secret!r}", _maced(secret, _header(key, alg="HS256", kid=kid), claims)
        yield f"kid is {name}, rightly signed", _signed(key, _header(key, kid=kid), claims)
    null = _json(_header(key) | {"kid": None})
    yield "kid is null, rightly signed", _signed(key, null, claims)


def _critical(key: SigningKey, claims: Claims) -> Rows:
    yield "crit names an unknown member", _signed(key, _header(key, crit=["x-must"]) | {"x-must": 1}, claims)
    yield "crit is empty", _signed(key, _header(key, crit=[]), claims)
    yield "crit names an absent member", _signed(key, _header(key, crit=["x-must"]), claims)
    yield "crit names alg", _signed(key, _header(key, crit=["alg"]), claims)


def _unencoded(key: SigningKey, claims: Claims) -> Rows:
    header = _header(key, b64=False, crit=["b64"])
    raw = f"{_b64(_json(header))}.{_json(claims).decode()}"
    signature = _b64(key.signature(raw.encode()))
    yield "b64 false, raw payload", f"{raw}.{signature}"
    yield "b64 false, detached payload", f"{_b64(_json(header))}..{signature}"
    yield "b64 false, encoded payload", _signed(key, header, claims)
    yield "b64 false without crit", _signed(key, _header(key, b64=False), claims)
    yield "b64 true", _signed(key, _header(key, b64=True), claims)


def _times(key: SigningKey, claims: Claims, max_lifetime_seconds: int) -> Rows:
    now = _now(claims)
    values: dict[str, object] = {
        "61 s ago": now - 61,
        "text": "9999999999",
        "true": True,
        "a fraction": now + 0.5,
        "null": None,
        "a list": [now + 60],
        "in milliseconds": (now + 600) * 1000,
        "negative": -now,
        "0": 0,
        "beyond any lifetime": now + max_lifetime_seconds + 61,
        "of a hundred digits": 10**100,
    }
    for name, value in values.items():
        yield f"exp is {name}", _signed(key, _header(key), {**claims, "exp": value})
    yield "exp is absent", _signed(key, _header(key), _without(claims, "exp"))
    rest = _json(_without(claims, "exp"))[:-1]
    for literal in (b"1e400", b"-1e400", b"NaN", b"Infinity", b"9999999999999999999999e-12", b"0x7fffffff"):
        yield f"exp is {literal.decode()}", _signed(key, _header(key), rest + b',"exp":' + literal + b"}")
    for name in ("nbf", "iat"):
        yield f"{name} 10 min ahead", _signed(key, _header(key), {**claims, name: now + 600})
        yield f"{name} is text", _signed(key, _header(key), {**claims, name: str(now)})
        yield f"{name} is true", _signed(key, _header(key), {**claims, name: True})
        yield f"{name} is null", _signed(key, _header(key), {**claims, name: None})


def _other_project(key: SigningKey, claims: Claims) -> Rows:
    other = SigningKey.generate(key.algorithm)
    yield "another project's key and issuer", _sign(other, {**claims, "iss": "P2otherproject"})
    yield "another project's key", _sign(other, claims)
    yield "another project's issuer", _sign(key, {**claims, "iss": "P2otherproject"})


def _issuers(key: SigningKey, claims: Claims) -> Rows:
    issuer = str(claims["iss"])
    values: dict[str, object] = {
        "another host": "https://evil.example.com/" + issuer,
        "of another case": issuer.swapcase(),
        "with a path after it": issuer + "/x",
        "with a slash after it": issuer + "/",
        "with a space after it": issuer + " ",
        "with a NUL after it": issuer + "\0",
        "a list": [issuer],
        "empty": "",
        "null": None,
    }
    for name, value in values.items():
        yield f"iss is {name}", _signed(key, _header(key), {**claims, "iss": value})
    yield "iss is absent", _signed(key, _header(key), _without(claims, "iss"))
    for name, value in {"absent": None, "empty": "", "a number": 5, "a list": ["U1"]}.items():
        payload = _without(claims, "sub") if value is None else {**claims, "sub": value}
        yield f"sub is {name}", _signed(key, _header(key), payload)


def _audiences(key: SigningKey, claims: Claims) -> Rows:
    issuer = claims["iss"]
    values: dict[str, object] = {
        "for somebody else": "C2other",
        "a list for somebody else": ["C2other"],
        "an empty list": [],
        "empty": "",
        "null": None,
        "a number": 1,
        "an object": {str(issuer): True},
        "a list with a number": [issuer, 1],
        "a nested list": [[issuer]],
    }
    for name, value in values.items():
        yield f"aud is {name}", _signed(key, _header(key), {**claims, "aud": value})


def _wrong_keys(key: SigningKey, claims: Claims) -> Rows:
    fresh = SigningKey.generate(key.algorithm)
    yield "a fresh key under the real kid", _signed(fresh, _header(key), claims)
    yield "a fresh key under its own kid", _sign(fresh, claims)
    yield "the real key under an unknown kid", _signed(key, _header(key, kid=fresh.kid), claims)
    yield "the real key without kid", _signed(key, _header(key, kid=None), claims)
    message = _sign(key, claims).rpartition(".")[0]
    size = len(key.signature(b""))
    for name, signature in {
        "zeros": bytes(size),
        "ones": b"\xff" * size,
        "cut": key.signature(message.encode())[:-1],
        "longer": key.signature(message.encode()) + b"\0",
        "empty": b"",
    }.items():
        yield f"the signature is {name}", f"{message}.{_b64(signature)}"
    if key.algorithm == "ES256":
        raw = key.signature(message.encode())
        der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        yield "the ES256 signature is DER", f"{message}.{_b64(der)}"
        yield "the ES256 signature has a zero before s", f"{message}.{_b64(raw[:32] + bytes(1) + raw[32:])}"


def _oversized(key: SigningKey, claims: Claims) -> Rows:
    token = _sign(key, claims)
    header, payload, signature = token.split(".")
    yield "1 MB header", f"{'A' * 1_000_000}.{payload}.{signature}"
    yield "1 MB header, rightly signed", _signed(key, _header(key, x="A" * 750_000), claims)
    yield "1 MB payload, rightly signed", _signed(key, _header(key), {**claims, "x": "A" * 750_000})
    yield "1 MB signature", f"{header}.{payload}.{'A' * 1_000_000}"
    yield "200 000 dots", "." * 200_000
    yield "a genuine token and 200 000 dots", token + "." * 200_000
    nested = b'{"x":' + b"[" * 4_000 + b"]" * 4_000 + b"," + _json(claims)[1:]
    yield "nested 4 000 deep, rightly signed", _signed(key, _header(key), nested)
    shallow = b'{"x":' + b"[" * 40 + b"]" * 40 + b"," + _json(claims)[1:]
    yield "nested 40 deep, rightly signed", _signed(key, _header(key), shallow)


def _duplicates(key: SigningKey, claims: Claims) -> Rows:
    rest = _json(_without(claims, "sub"))[1:]
    genuine = _json(claims["sub"])
    for title, first, second in (
        ("attacker first", b'"Uattacker"', genuine),
        ("victim first", genuine, b'"Uattacker"'),
    ):
        yield f"sub twice, {title}", _signed(key, _header(key), b'{"sub":' + first + b',"sub":' + second + b"," + rest)
    yield "sub twice, the same", _signed(key, _header(key), b'{"sub":' + genuine + b',"sub":' + genuine + b"," + rest)
    escaped = b'{"s\\u0075b":"Uattacker","sub":' + genuine + b"," + rest
    yield "sub twice, once escaped", _signed(key, _header(key), escaped)
    nested = _json(claims)[:-1] + b',"tenants":{"T1":{"roles":[]},"T1":{"roles":["admin"]}}}'
    yield "a tenant twice", _signed(key, _header(key), nested)
    own = _json(_header(key))
    yield "alg twice, none first", _signed(key, b'{"alg":"none",' + own[1:], claims)
    yield "alg twice, none last", _signed(key, own[:-1] + b',"alg":"none"}', claims)
    yield "alg twice, the same", _signed(key, own[:-1] + b',"alg":' + _json(key.algorithm) + b"}", claims)
    yield "kid twice", _signed(key, own[:-1] + b',"kid":"other"}', claims)


def _encrypted(key: SigningKey, claims: Claims) -> Rows:
    algorithm = {"RS256": "RSA-OAEP", "ES256": "ECDH-ES"}.get(key.algorithm)
    if algorithm is None:
        yield "five parts", _sign(key, claims) + ".AAAA.AAAA"
        return
    public = import_key(json.loads(key.public_jwk()) | {"use": "enc", "alg": algorithm})
    for compression in ({}, {"zip": "DEF"}):
        header = {"alg": algorithm, "enc": "A128GCM", "kid": key.kid, "typ": "JWT"} | compression
        names = [algorithm, "A128GCM", "DEF"]
        yield f"JWE {algorithm} {compression}", jwe.encrypt_compact(header, _json(claims), public, algorithms=names)


def _spellings(key: SigningKey, claims: Claims) -> Rows:
    # A signature with characters of both alphabets; RS256 and EdDSA need another jti for another signature.
    tokens = (_sign(key, {**claims, "jti": f"J{turn}"}) for turn in range(10_000))
    token = next(token for token in tokens if {"-", "_"} <= set(token.rpartition(".")[2]))
    header, payload, signature = token.split(".")
    stray = {"Q": "R", "g": "h", "w": "x", "A": "B"}[signature[-1]]
    yield "padding after the signature", token + "=="
    yield "padding in every part, rightly signed", _signed_parts(key, header + "=", payload + "=")
    yield "the standard alphabet", f"{header}.{payload}.{signature.replace('-', '+').replace('_', '/')}"
    yield "stray bits in the signature", f"{header}.{payload}.{signature[:-1]}{stray}"
    yield "a newline after the token", token + "\n"
    yield "a newline in the signature", f"{header}.{payload}.{signature[:40]}\n{signature[40:]}"
    yield "a space before the token", " " + token
    yield "a space after the token", token + " "
    yield "a space in the payload", f"{header}.{payload[:8]} {payload[8:]}.{signature}"
    yield "a NUL after the token", token + "\0"
    yield "a fourth part", token + ".AAAA"
    yield "an empty fourth part", token + "."
    yield "a dot before the token", "." + token
    yield "no signature part", f"{header}.{payload}"
    yield "the last character cut off", token[:-1]
    yield "full-width dots", token.replace(".", "\uff0e")
    yield "a zero-width space", token[:10] + "\u200b" + token[10:]
    yield "Bearer before the token", "Bearer " + token
    for title, data in (
        ("array", b"[]"),
        ("text", b'"x"'),
        ("number", b"1"),
        ("nothing", b""),
        ("BOM", b"\xef\xbb\xbf{}"),
    ):
        yield f"the payload is {title}, rightly signed", _signed(key, _header(key), data)
        yield f"the header is {title}, rightly signed", _signed(key, data, claims)
    yield "bytes that are not UTF-8", _signed(key, _header(key), _json(claims)[:-1] + b',"x":"\xff"}')
    yield "text after the payload's end", _signed(key, _header(key), _json(claims) + b"{}")
    yield "empty", ""
    yield "two dots", ".."


def _kinds(key: SigningKey, claims: Claims) -> Rows:
    other = "DS" if claims.get("drn") == "DSR" else "DSR"
    yield f"drn is {other}", _sign(key, {**claims, "drn": other})
    for name, value in {
        "a list": [claims.get("drn")],
        "null": None,
        "another case": str(claims.get("drn")).lower(),
    }.items():
        yield f"drn is {name}", _signed(key, _header(key), {**claims, "drn": value})
    if "drn" in claims:
        yield "drn is absent", _sign(key, _without(claims, "drn"))
    other_typ = "at+jwt" if _TYP.get() == "JWT" else "JWT"
    for typ in (other_typ, "JOSE", "dpop+jwt", "secevent+jwt", 1, ["JWT"], ""):
        yield f"typ is {typ!r}", _signed(key, _header(key, typ=typ), claims)


def _other_algorithms(key: SigningKey, claims: Claims) -> Rows:
    for name in ("ES256", "RS256", "EdDSA"):
        if name != key.algorithm:
            other = SigningKey.generate(name)
            yield (
                f"{name} with an own key under the real kid",
                _signed(replace(other, kid=key.kid), _header(key, alg=name), claims),
            )
    own = key.algorithm
    names: list[object] = ["HS256", "HS512", "ES384", "PS256", "RS512", "ES256K", own.lower(), own + " ", "", 1, [own]]
    for text in names:
        yield f"alg is {text!r}, signed with the real key", _signed(key, _header(key, alg=text), claims)
    yield "alg is absent", _signed(key, _header(key, alg=None), claims)
    message = f"{_b64(_json(_header(key)))}.{_b64(_json(claims))}"
    for title, signature in _other_signatures(key, message.encode()):
        yield title, f"{message}.{_b64(signature)}"


def _other_signatures(key: SigningKey, message: bytes) -> Iterator[tuple[str, bytes]]:
    private = key.private
    if isinstance(private, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        yield "an RSA-PSS signature", private.sign(message, pss, hashes.SHA256())
        yield "an RSA signature over SHA-512", private.sign(message, padding.PKCS1v15(), hashes.SHA512())
    if isinstance(private, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(private.sign(message, ec.ECDSA(hashes.SHA512())))
        yield "an ECDSA signature over SHA-512", r.to_bytes(32, "big") + s.to_bytes(32, "big")
