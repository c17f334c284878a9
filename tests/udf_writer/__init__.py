"""A writer of UDF images for tests, from ECMA-167 and OSTA UDF alone: it shares nothing with our reader.

    image = udf_image({"案卷/0001.txt": b"…"}, Options(revision="2.50", medium="metadata"))
    zeroed(image, "mirror!fe:案卷/0001.txt").raw

An image is bytes and a map of where each structure lies (`UdfImage.places`), so that a test damages exactly one. It is
always the same: fixed times, no randomness. `truth_of` gives the files a reader must find, `samples.all_samples` a
hundred sound images, `samples.hostile_samples` chains without an end, `samples.huge_sample` 5 GiB in 600 kB. Which
other readers have read which of them, and which cannot and why, is in `evidence`.

structures (bytes) ← blocks (a partition) ← tree (files) ← volume (`udf_image`) ← samples; model has the options.
"""
from tests.udf_writer.damage import cut, inverted, patched, retagged, zeroed
from tests.udf_writer.model import Options, Piece, Shape, UdfImage
from tests.udf_writer.structures import ALLOCATED, HOLE, RECORDED
from tests.udf_writer.tree import truth_of
from tests.udf_writer.volume import udf_image

__all__ = ["ALLOCATED", "HOLE", "RECORDED", "Options", "Piece", "Shape", "UdfImage", "cut", "inverted", "patched",
           "retagged", "truth_of", "udf_image", "zeroed"]
