"""Names that record no encoding: the one that holds for all of them."""
from __future__ import annotations

import pytest

from carriers.names import decoded, decoded_as, likely_encoding


@pytest.mark.parametrize(("names", "encoding", "likely"), [
    (("档案", "誠信"), "gb18030", "gb18030"), (("許功蓋",), "cp950", "gb18030"), (("ｶﾀﾛｸﾞ", "表"), "cp932", "cp932"),
    ((), "gb18030", "gb18030")])
def test_the_first_that_all_names_can_be_in(names: tuple[str, ...], encoding: str, likely: str) -> None:
    assert likely_encoding(name.encode(encoding) for name in names) == likely


def test_bytes_that_no_encoding_explains_stay_visible() -> None:
    assert likely_encoding([b"odd\xff.txt"]) == "gb18030"
    assert decoded(b"odd\xff.txt") == decoded_as(b"odd\xff.txt", "cp950") == ("odd\udcff.txt", "bytes")


def test_a_guess_is_said() -> None:
    assert decoded("目录".encode("gbk")) == ("目录".encode("gbk").decode(), "")         # valid UTF-8 by chance
    assert decoded_as("目录".encode("gbk"), "gb18030") == ("目录", "gb18030")
    assert decoded_as(b"plain.txt", "cp932") == ("plain.txt", "")
