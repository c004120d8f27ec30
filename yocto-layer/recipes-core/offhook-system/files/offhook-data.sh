#!/bin/sh
# Makes sure that the data partition holds a healthy file system as large as the partition.
# A file system that is there is never made anew: what cannot be repaired is left for the service engineer, and the box starts
# without it.
set -eu
device=$1

kind=$(blkid -o value -s TYPE "$device" || true)
if [ -z "$kind" ]; then
    # Only a partition without any trace of data is formatted: the first start of a new box, or after a factory reset.
    if [ "$(dd if="$device" bs=64k count=16 2>/dev/null | tr -d '\000' | wc -c)" -ne 0 ]; then
        echo "The data partition is neither empty nor a file system known here: left as it is." >&2
        exit 1
    fi
    mke2fs -q -t ext4 -L data -E lazy_itable_init=1 "$device"
    exit 0
fi

# 0 clean, 1 repaired; more needs a person.
status=0
e2fsck -p "$device" || status=$?
if [ "$status" -gt 1 ]; then
    echo "The data partition has faults that cannot be repaired without losing data (e2fsck: $status)." >&2
    exit 1
fi
# The image is smaller than the disk it is written to.
resize2fs "$device"
