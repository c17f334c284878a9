"""Hashes whose state can be saved and taken up again, so that a killed intake need not read a file from its start.

Takes algorithm names, gives objects with `update`, `digest`, `save`; relies on libcrypto's context structs (MD5_CTX,
SHA_CTX, SHA256_CTX, SHA512_CTX: plain memory without pointers, OpenSSL 1.1 to 3.x). Each struct is tried on known
vectors before it is used; where that fails, and for SM3, the hash is hashlib's and `save` gives None.
"""
from __future__ import annotations

import ctypes
import hashlib
import zlib
from collections.abc import Callable
from functools import cache
from typing import Protocol


class Hash(Protocol):
    """A running digest."""

    def update(self, content: memoryview) -> None: ...

    def digest(self) -> bytes: ...

    def save(self) -> bytes | None:
        """The state, to be given to `new_hash` later; None = cannot be had."""
        ...


# algorithm → (function prefix, bytes of the context struct, bytes of the digest): openssl/md5.h, openssl/sha.h
_CONTEXTS = {"md5": ("MD5", 92, 16), "sha1": ("SHA1", 96, 20), "sha256": ("SHA256", 112, 32),
             "sha512": ("SHA512", 216, 64)}


class _LibcryptoHash:
    """One of libcrypto's own contexts."""

    def __init__(self, algorithm: str, state: bytes | None) -> None:
        prefix, context_bytes, self._digest_bytes = _CONTEXTS[algorithm]
        self._init, self._update, self._final = _functions(prefix)
        self._context = ctypes.create_string_buffer(context_bytes + 64)     # slack: never overrun by a longer struct
        if state is None:
            self._init(self._context)
        elif len(state) == len(self._context):
            ctypes.memmove(self._context, state, len(state))
        else:
            raise ValueError("a saved state of another length")

    def update(self, content: memoryview) -> None:
        # bytes objects cannot move while `content` holds them; the address is that of the view's first byte
        self._update(self._context, _address(content), content.nbytes)

    def digest(self) -> bytes:
        out = ctypes.create_string_buffer(self._digest_bytes)
        copy = ctypes.create_string_buffer(self._context.raw, len(self._context))
        self._final(out, copy)
        return out.raw

    def save(self) -> bytes | None:
        return self._context.raw


class _HashlibHash:
    def __init__(self, algorithm: str) -> None:
        self._hash = hashlib.new(algorithm)

    def update(self, content: memoryview) -> None:
        self._hash.update(content)

    def digest(self) -> bytes:
        return self._hash.digest()

    def save(self) -> bytes | None:
        return None


class _Crc32:
    def __init__(self, state: bytes | None) -> None:
        self._crc = int.from_bytes(state, "big") if state else 0

    def update(self, content: memoryview) -> None:
        self._crc = zlib.crc32(content, self._crc)

    def digest(self) -> bytes:
        return self._crc.to_bytes(4, "big")

    def save(self) -> bytes | None:
        return self.digest()


def new_hash(algorithm: str, state: bytes | None = None) -> Hash:
    """A hash from its beginning, or from a saved state.

    Raises: ValueError for an algorithm that this machine has not, or a state that is not of this algorithm.
    """
    if algorithm == "crc32":
        return _Crc32(state)
    if algorithm in _CONTEXTS and _can_save(algorithm):
        return _LibcryptoHash(algorithm, state)
    if state is not None:
        raise ValueError("a saved state, but this machine cannot take it up")
    return _HashlibHash(algorithm)


@cache
def whole_digest(algorithm: str) -> Callable[[memoryview], bytes]:
    """A function bytes-like → digest, for content that lies in memory as a whole."""
    if algorithm == "crc32":
        return lambda content: zlib.crc32(content).to_bytes(4, "big")
    constructor = getattr(hashlib, algorithm, None)
    if constructor is None:
        return lambda content: hashlib.new(algorithm, content).digest()
    return lambda content: constructor(content).digest()


class _Py_buffer(ctypes.Structure):
    """PEP 3118's Py_buffer, as far as the address."""

    _fields_ = [("buf", ctypes.c_void_p), ("obj", ctypes.py_object), ("len", ctypes.c_ssize_t),
                ("itemsize", ctypes.c_ssize_t), ("readonly", ctypes.c_int), ("ndim", ctypes.c_int),
                ("format", ctypes.c_char_p), ("shape", ctypes.c_void_p), ("strides", ctypes.c_void_p),
                ("suboffsets", ctypes.c_void_p), ("internal", ctypes.c_void_p)]


def _address(content: memoryview) -> int:
    """Where a contiguous read-only buffer lies (ctypes' own from_buffer wants a writable one)."""
    view = _Py_buffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(content), ctypes.byref(view), 0)
    address = view.buf or 0
    ctypes.pythonapi.PyBuffer_Release(ctypes.byref(view))
    return address


@cache
def _libcrypto() -> ctypes.CDLL | None:
    for name in ("libcrypto.so.3", "libcrypto.so.1.1"):     # ctypes.util.find_library starts a compiler: 60 ms
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


@cache
def _functions(prefix: str):  # type: ignore[no-untyped-def]  # three foreign functions
    library = _libcrypto()
    found = []
    for name, arguments in (("_Init", 1), ("_Update", 3), ("_Final", 2)):
        function = getattr(library, prefix + name)
        function.restype = ctypes.c_int
        function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t][:arguments]
        found.append(function)
    return tuple(found)


@cache
def _can_save(algorithm: str) -> bool:
    """Whether the context struct is what we think it is: a state cut out of the middle must lead to the same digest."""
    library = _libcrypto()
    if library is None or not hasattr(library, _CONTEXTS[algorithm][0] + "_Init"):
        return False
    sample = bytes(range(256)) * 37
    first = _LibcryptoHash(algorithm, None)
    first.update(memoryview(sample)[:4711])
    second = _LibcryptoHash(algorithm, first.save())
    first.update(memoryview(b"otherwise"))
    second.update(memoryview(sample)[4711:])
    return second.digest() == hashlib.new(algorithm, sample).digest()
