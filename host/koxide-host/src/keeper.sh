#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0

# Loads a module, says so, and unloads it when the standard input ends, which it does also when the one who started this
# was killed. It needs root, for all of its time: an answer to sudo's question does not hold for hours.
#
# usage: keeper.sh MODULE.ko NAME [PARAMETER=VALUE...]

trap '' HUP INT QUIT TERM PIPE
PATH=$PATH:/usr/sbin:/sbin
file=$1
name=$2
shift 2

names() { cut -d ' ' -f 1 /proc/modules; }

# Whoever still uses the module may need a moment to be gone.
unload() {
	tries=20
	until ! names | grep -qx "$1" || said=$(rmmod "$1" 2>&1); do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "$said" >&2; return 1; }
		sleep 0.1
	done
}

# What others use by now stays.
unload_added() {
	for module in $added; do
		rmmod "$module" 2>&- || :
	done
}

# What the module depends on is loaded, and unloaded if it was not there before. The newest comes first.
before=" $(names | tr '\n' ' ') "
load_needs() {
	for need in $(modinfo -F depends "$file" | tr , ' '); do
		modprobe "$need" || return 1
	done
}
load_needs && lacks= || lacks=1
added=
for module in $(names); do
	case $before in
	*" $module "*) ;;
	*) added="$added $module" ;;
	esac
done

[ -z "$lacks" ] && insmod "$file" "$@" || { unload_added; exit 1; }
echo loaded
while read -r _; do :; done
unload "$name" && unload_added
