"""A writer of UDF images for tests, from the standard alone.

    image = udf_image({"案卷/0001.txt": b"…"}, Options(revision="2.50", medium="metadata"))
    zeroed(image, "mirror!fe:案卷/0001.txt").raw
"""
from tests.udf_writer.damage import cut, inverted, patched, retagged, zeroed
from tests.udf_writer.model import Options, Piece, Shape, UdfImage
from tests.udf_writer.structures import ALLOCATED, HOLE, RECORDED
from tests.udf_writer.volume import udf_image

__all__ = ["ALLOCATED", "HOLE", "RECORDED", "Options", "Piece", "Shape", "UdfImage", "cut", "inverted", "patched",
           "retagged", "udf_image", "zeroed"]
