#include "describe/appliance_script.hpp"

namespace jaunt::describe {

std::string_view appliance_script() {
  return R"sh(#!/bin/sh
LC_ALL=C
PATH=/sbin:/usr/sbin:/bin:/usr/bin
export LC_ALL PATH
errors=/tmp/jaunt-errors

# Kernel names of the drives, what is cut out of what, and logical volumes.
layout() {
  udevadm settle
  for link in /dev/disk/guestfs/jaunt*; do
    case $link in *[0-9]) continue ;; esac
    echo "drive ${link##*/jaunt} $(basename "$(readlink -f "$link")")"
  done
  for folder in /sys/class/block/*; do
    start=0 partition=0
    read -r number < "$folder/dev"
    read -r size < "$folder/size"
    [ ! -r "$folder/start" ] || read -r start < "$folder/start"
    [ ! -r "$folder/partition" ] || read -r partition < "$folder/partition"
    echo "block ${folder##*/} $number $start $size $partition"
  done
  for folder in /sys/class/block/dm-*; do
    [ -r "$folder/dev" ] || continue
    IFS=: read -r major minor < "$folder/dev"
    dmsetup table -j "$major" -m "$minor" | sed "s/^/map $major:$minor /"
  done
  lvs --noheadings --nosuffix --units b --separator ' ' \
    -o lv_kernel_major,lv_kernel_minor,lv_size,lv_uuid,vg_name,lv_name | sed 's/^ */volume /'
}

# What each device seems to hold, each line free of the guest's control characters.
probe() {
  for device in "$@"; do
    echo "probe $device"
    blkid -p -o udev "$device"
    wipefs -n --noheadings --output TYPE "$device" | sed 's/^/signature /'
  done
  true
}

xfs_groups() {
  group=0
  device=$1 groups=$2
  set --
  while [ "$group" -lt "$groups" ]; do
    set -- "$@" -c "agf $group" -c p -c "agi $group" -c p -c "agfl $group" -c p
    group=$((group + 1))
  done
  xfs_db -r "$@" "$device"
}

# Batches of NUL-separated names, an empty name, what filefrag says of them, NUL.
files() {
  cd /sysroot/guest || return
  timeout "$1" find . -xdev -type f -size +0 -print0 | xargs -0 -r -n 200 sh -c '
    printf "%s\0" "$@"
    printf "\0"
    filefrag -v -e -b1 -- "$@" 2> /dev/null
    printf "\0"
    true' sh
}

sizes() {
  cd /sysroot/guest || return
  timeout "$1" find . -xdev -type f -printf '%s %b %P\0'
}

# Paths that Debian packages own, where people put data too.
owned() {
  cd "/sysroot/guest/$1" || return
  find . -maxdepth 1 -type f -name '*.list' -print0 | xargs -0 -r grep -hE '^/(home|root|srv|opt|usr/local|var)/'
}

run() {
  case $1 in
    layout) layout ;;
    probe) shift && probe "$@" ;;
    ext) dumpe2fs "$2" ;;
    ext-journal) debugfs -R 'dump_extents -l <8>' "$2" ;;
    xfs) xfs_db -r -c version -c 'sb 0' -c p "$2" ;;
    xfs-log) xfs_logprint -t "$2" | head -n 8 ;;
    xfs-groups) xfs_groups "$2" "$3" ;;
    xfs-free) xfs_db -r -c 'freesp -d' "$2" ;;
    files) files "$2" ;;
    sizes) sizes "$2" ;;
    owned) owned "$2" ;;
    errors) head -c 300 "$errors.before" ;;
    *) return 99 ;;
  esac
}

if [ "$1" != --run ]; then
  mkdir -p /sysroot/jaunt /sysroot/guest
  mountpoint -q /sysroot/jaunt || mount -t tmpfs -o size=64k none /sysroot/jaunt || exit
  rm -f /sysroot/jaunt/out
  mkfifo /sysroot/jaunt/out || exit
  setsid /bin/sh "$0" --run "$@" < /dev/null > /dev/null 2>&1 &
  exit 0
fi
shift
[ ! -e "$errors" ] || mv -f "$errors" "$errors.before"
exec > /sysroot/jaunt/out 2> "$errors"
run "$@"
code=$?
printf '\njaunt-end %d %d\n' "$code" "$(grep -Ecv '^(dumpe2fs|debugfs) 1\.' "$errors")"
)sh";
}

}  // namespace jaunt::describe
