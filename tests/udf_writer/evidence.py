"""Who has read the samples besides us, and what each of them cannot read, with the reason.

Every sample but those named here was read by every one of these, file for file and byte for byte:

- **kernel**: Linux 6.1, fs/udf, in a virtual machine, each image on a loop device (`samples.mount_options`).
- **udfclient** 0.8.11, which takes the newest of everything, follows VAT, sparing tables and the metadata partition.
- **libudfread** 1.1.2: volumes of 2048-byte blocks, plain or with a metadata partition.
- **7z** 26.02: plain volumes of 512 or 2048 bytes a block, without holes or continued descriptors.

So the media (VAT 1.50 and 2.0x, previous VATs, sparing with moved packets, metadata partition, pseudo-overwrite) have
two witnesses each, and nearly every other kind more. Extended allocation descriptors, which UDF forbids, are read by
libudfread alone; strategy 4096 and later sessions without an anchor at the end by the kernel alone. Nobody copies
streams out: udfdump (of udfclient) names those of the system and where the ICB of a file's stream directory lies, no
more. Unique ids, link counts, space bitmaps and the tag's location in a FID are checked by none of them; udfinfo reads
revision, state and counts of the integrity descriptor. `samples.huge_sample` was read by the kernel, 5 GiB of each of
its files. On the hostile samples of entries, sequences and integrity descriptors the kernel stops at its own limits, so
those chains are endless as meant; AEDs and previous VATs that lead to themselves it does not follow. With the Metadata
File's ICB, the main sequence or the first sparing table zeroed it reads the second copy, with the image cut after an
earlier VAT the earlier state: `UdfImage.places` names what it says.
"""
from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch

_NAMES = "writes other names than the recorded ones: of more than 254 bytes, with '/', or with what it will not write"

# witness → pattern of sample names → why it does not read them, or not as recorded
NOT_READ: Mapping[str, Mapping[str, str]] = {
    "kernel": {
        "extended-descriptors": "no extended allocation descriptors",
        "names-longest": _NAMES,
        "names-odd": _NAMES,
    },
    "udfclient": {
        "extended-descriptors": "no extended allocation descriptors",
        "information-length-shorter": "takes the extents' length for the file's",
        "hidden-and-deleted": "leaves hidden files out",
        "special-files-*": "copies links and devices out as files",
        "strategy-4096-*": "no strategy 4096",
        "names-odd": _NAMES,
        "second-session-virtual": "on a file the first session only, where the last has no anchor at its end",
        "second-session-appended-*": "on a file the first session only, where the last has no anchor at its end",
    },
    "libudfread": {
        "blocks-*": "2048 bytes a block only",
        "continued-when-full": "2048 bytes a block only",
        "identifiers-cross-blocks": "2048 bytes a block only",
        "directory-continued": "2048 bytes a block only",
        "sparable*": "no sparing",
        "vat-*": "no virtual partition",
        "continued-virtual": "no virtual partition",
        "second-session*": "the first session only",
        "partition-number": "partition 0 only",
        "metadata-content-at-block-0": "takes block 0 of a partition for a hole",
        "metadata-embedded": "reads the first extent of the metadata file only",
        "metadata-directories-in-extents": "reads the first extent of the metadata file only",
        "directory-in-pieces": "loses the identifiers after the first extent of a directory",
        "names-8-and-16": "no surrogates",
        "names-odd": _NAMES,
        "hidden-and-deleted": "lists what is deleted",
        "special-files-*": "gives links and devices as files",
        "strategy-4096-*": "no strategy 4096",
        "sequence-prevailing": "takes the first descriptor of a kind",
        "anchor-512": "looks for anchors at 256, N-1 and N-257",
    },
    "7z": {
        "blocks-1024": "512 or 2048 bytes a block only",
        "blocks-4096*": "512 or 2048 bytes a block only",
        "extended-descriptors": "no extended allocation descriptors",
        "sparable*": "no sparing",
        "vat-*": "no virtual partition",
        "metadata*": "no metadata file of more than one extent",
        "pseudo-overwrite": "no metadata file of more than one extent",
        "partition-number": "no metadata file of more than one extent",
        "system-streams-metadata": "no metadata file of more than one extent",
        "continued-*": "no continuation of allocation descriptors",
        "directory-continued": "no continuation of allocation descriptors",
        "hole-*": "no holes",
        "allocated-*": "no holes",
        "information-length-shorter": "no extents beyond the information length",
        "names-longest": _NAMES,
        "names-odd": _NAMES,
        "special-files-*": "no devices",
        "strategy-4096-*": "no strategy 4096",
        "sequence-*": "no older descriptors, no Volume Descriptor Pointer",
        "second-session*": "the first session only",
        "anchor-N-1": "looks for an anchor at 256 only",
        "anchor-N-257": "looks for an anchor at 256 only",
        "anchor-512": "looks for an anchor at 256 only",
    },
}


def reads(witness: str, sample: str) -> bool:
    return not any(fnmatch(sample, pattern) for pattern in NOT_READ[witness])
