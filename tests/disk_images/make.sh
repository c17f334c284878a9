#!/bin/bash
# make.sh CONTENT_DIR: makes the images beside this script that need root and FUSE, with other people's tools (Debian
# packages ntfs-3g, exfat-fuse, exfatprogs, attr, xz-utils). They are kept, because a build machine may have no FUSE.
# CONTENT_DIR holds the files of tests/vectors_kit.CONTENT:
#   python -c 'from pathlib import Path; from tests.vectors_kit import *; plant(Path("."), CONTENT)'
#
#   ntfs-rich.img.xz     the content, one file of it resident; compressed, sparse, preallocated files; a hard link, a named stream, a deleted file
#   ntfs-reparse.img.xz  the content; reparse points of the system's compression, of a cloud, and a junction
#   exfat.img.xz         the content; a deleted file
set -euo pipefail
content=$(realpath "$1"); here=$(dirname "$(realpath "$0")"); work=$(mktemp -d); cd "$work"; mkdir m

reparse() { setfattr -h -n system.ntfs_reparse_data -v "0x$1" "$2"; }      # reparse HEX FILE

ntfs() {                            # ntfs NAME FUNCTION: a volume of 3 MiB with the content, filled further by FUNCTION
    truncate -s 3M "$1.img"; mkntfs -q -F -Q -c 4096 -L J010_2026_01_G001_A "$1.img" >/dev/null 2>&1
    ntfs-3g -o streams_interface=windows,compression "$1.img" m; cp -r "$content"/. m/; (cd m; "$2"); umount m; }

rich() {
    mkdir c; setfattr -h -v 0x00000800 -n system.ntfs_attrib_be c
    (head -c 100000 <(yes 压缩); cat 案卷/0002.bin; head -c 70000 /dev/zero) >c/compressed.txt
    cp 案卷/0001.txt sparse.bin; truncate -s 300000 sparse.bin; cat 案卷/0002.bin >>sparse.bin
    ln 案卷/0002.bin 硬链接.bin; printf stream >案卷/0001.txt:zone
    cp 案卷/0002.bin 已删除.bin; cp 案卷/0002.bin zz.bin; rm 已删除.bin; }
reparse_points() {
    printf '' >wof.bin; reparse 170000801000000001000000020000000100000000000000 wof.bin
    printf '' >cloud.bin; reparse 1a00009004000000aabbccdd cloud.bin
    mkdir joint; reparse 030000a01a00000000000e00100000005c003f003f005c0043003a005c0000000000 joint; }

ntfs ntfs-rich rich; ntfs ntfs-reparse reparse_points
truncate -s 2M exfat.img; mkfs.exfat -b 64K -L J010_G001_A exfat.img >/dev/null
device=$(losetup -f --show exfat.img); mount.exfat-fuse "$device" m
cp -r "$content"/. m/; cp m/案卷/0002.bin m/gone.bin; rm m/gone.bin; umount m; losetup -d "$device"
for image in *.img; do xz -9e -c "$image" >"$here/$image.xz"; done
ls -l "$here"
