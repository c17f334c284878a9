"""Hashes that go on from a saved state."""
import hashlib
import random
import zlib

import pytest

from checks.hashstate import new_hash, whole_digest

CONTENT = random.Random(1).randbytes(300_001)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
@pytest.mark.parametrize("cut", [0, 1, 63, 64, 65, 4096, 299_999, 300_001])
def test_a_saved_state_goes_on_to_the_same_digest(algorithm: str, cut: int) -> None:
    first = new_hash(algorithm)
    first.update(memoryview(CONTENT)[:cut])
    state = first.save()
    assert state is not None
    first.update(memoryview(b"what comes after the save must not matter"))
    second = new_hash(algorithm, state)
    second.update(memoryview(CONTENT)[cut:])
    assert second.digest().hex() == hashlib.new(algorithm, CONTENT).hexdigest()


def test_digest_does_not_end_a_hash() -> None:
    running = new_hash("md5")
    running.update(memoryview(CONTENT)[:1000])
    assert running.digest() == hashlib.md5(CONTENT[:1000]).digest()
    running.update(memoryview(CONTENT)[1000:])
    assert running.digest() == hashlib.md5(CONTENT).digest()


def test_sm3_has_no_state_and_says_so() -> None:
    running = new_hash("sm3")
    running.update(memoryview(b"abc"))
    # GB/T 32905-2016, A.1
    assert running.digest().hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert running.save() is None
    with pytest.raises(ValueError):
        new_hash("sm3", b"something")


def test_crc32_state() -> None:
    first = new_hash("crc32")
    first.update(memoryview(CONTENT)[:777])
    second = new_hash("crc32", first.save())
    second.update(memoryview(CONTENT)[777:])
    assert second.digest() == zlib.crc32(CONTENT).to_bytes(4, "big") == whole_digest("crc32")(memoryview(CONTENT))


def test_a_state_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError):
        new_hash("md5", b"short")


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sm3"])
def test_whole_digest_agrees_with_hashlib(algorithm: str) -> None:
    assert whole_digest(algorithm)(memoryview(CONTENT)) == hashlib.new(algorithm, CONTENT).digest()
