# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Runs a program in a build root, as: enter.sh ROOT FOLDER... -- PROGRAM ARGUMENT...
# It is started in a mount namespace of its own, so that no other process sees the mounts and they end with this one.
# Each folder is in the root at its own path: what make wrote down about files holds outside, too.
set -e
root=$1
shift
while [ "$1" != -- ]; do
	mkdir -p "$root$1"
	mount --rbind "$1" "$root$1"
	shift
done
shift
exec chroot "$root" /usr/bin/env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
