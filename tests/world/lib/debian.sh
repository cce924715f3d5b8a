# A Debian guest: packages into a mounted filesystem, made bootable, closed clean, described.
# The recipe's variables: $guest, $work (the folder to fill), $cache, $here.

release=bookworm
disk=$work/disk.img
root=$work/root
first_partition=1048576 # byte offset

# The apt sources this machine uses for Debian itself (a mirror near it, perhaps), Debian's own where it names none.
# Usage: apt_sources TYPE SUITE... with the suites named as in release, release-updates, release-security
apt_sources() {
    local type=$1 suite uri
    shift
    for suite; do
        uri=$(apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)' 'Created-By: Packages' 2>/dev/null |
            awk -F'|' -v suite="$suite" '$2 == suite && $3 == "main" && $4 == "Debian" && /^https?:/ {print $1; exit}')
        [ -n "$uri" ] || uri=$(debian_uri "$suite")
        echo "$type [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main"
    done
}
debian_uri() { case $1 in *-security) echo http://deb.debian.org/debian-security ;; *) echo http://deb.debian.org/debian ;; esac }
# What the guest itself names in its sources.list.
guest_sources() { local suite; for suite; do echo "deb $(debian_uri "$suite") $suite main"; done; }

# How this machine reaches its mirror: proxies and the like, as apt options.
apt_settings() {
    apt-config dump 2>/dev/null | sed -En 's/^(Acquire::(https?|Check-Date|Check-Valid-Until|Retries)[^ ]*) "([^"]+)";$/\1 "\3";/p'
    echo 'Acquire::Retries "3";'
}

# A sparse disk with one DOS partition at 1 MiB holding an empty ext4, mounted at $root.
make_disk() { # SIZE in GiB
    truncate -s "$1G" "$disk"
    echo 'start=2048, type=83, bootable' | sfdisk -q "$disk"
    mkfs.ext4 -q -F -E "offset=$first_partition" "$disk" $(($1 * 1048576 - 1024))k
    mount_disk
}
# Start from another guest's disk, as a person who clones a VM does.
copy_disk() { # GUEST
    cp --sparse=always "$(parent_folder "$1")/disk.img" "$disk"
    chmod 0644 "$disk"
    mount_disk
}
mount_disk() {
    mkdir -p "$root"
    mount -o "loop,offset=$first_partition" -t ext4 "$disk" "$root"
}

# Fills $root with a Debian of variant important and more. Usage: install_debian STAGE ROOT SUITES PACKAGE...
install_debian() {
    local stage=$1 target=$2 suites=$3 options=() line
    shift 3
    while read -r line; do options+=("--aptopt=$line"); done < <(apt_settings)
    # shellcheck disable=SC2086
    apt_sources deb $suites | mmdebstrap --mode=root --variant=important "${options[@]}" \
        --dpkgopt=force-unsafe-io --skip=essential/unlink,cleanup/apt/lists \
        --include="$(IFS=,; echo "$*")" \
        --setup-hook="$here/lib/debs offer $cache $stage \"\$1\"" \
        --essential-hook='echo grub-pc grub-pc/install_devices_empty boolean true | chroot "$1" debconf-set-selections' \
        --customize-hook="$here/lib/debs keep $cache $stage \"\$1\"" \
        "$release" "$target" -
    # shellcheck disable=SC2086
    guest_sources $suites >"$target/etc/apt/sources.list"
    rm -f "$target"/etc/apt/sources.list.d/0000* "$target"/etc/apt/apt.conf.d/99mmdebstrap "$target"/etc/dpkg/dpkg.cfg.d/99mmdebstrap
}

# Within $root: /dev (with the root device called vda1, as the guest will), /proc and /sys, no daemons started by packages,
# and this machine's name resolution.
enter_root() {
    local at=${1:-$root} node device
    mount -t tmpfs -o mode=0755 tmpfs "$at/dev"
    for node in null zero full random urandom tty; do cp -a "/dev/$node" "$at/dev/"; done
    mkdir "$at/dev/pts" "$at/dev/shm" "$at/dev/disk" "$at/dev/disk/by-uuid"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$at/dev/pts"
    ln -s pts/ptmx "$at/dev/ptmx"
    ln -s /proc/self/fd "$at/dev/fd"
    ln -s fd/0 "$at/dev/stdin"; ln -s fd/1 "$at/dev/stdout"; ln -s fd/2 "$at/dev/stderr"
    mount -t proc proc "$at/proc"
    mount -t sysfs sysfs "$at/sys"
    device=$(findmnt -n -o SOURCE --mountpoint "$at" || true)
    if [ -b "$device" ]; then
        cp -a "$device" "$at/dev/guest-root"
        ln -s guest-root "$at/dev/${device##*/}" # the name the mount table has
        ln -s ../../guest-root "$at/dev/disk/by-uuid/$(blkid -o value -s UUID -p "$device")"
    fi
    mount -t tmpfs tmpfs "$at/run"
    mkdir -p "$at/run/lock"
    printf '#!/bin/sh\nexit 101\n' >"$at/usr/sbin/policy-rc.d"
    chmod 0755 "$at/usr/sbin/policy-rc.d"
    rm -f "$at/etc/resolv.conf"
    cp -L /etc/resolv.conf "$at/etc/resolv.conf"
}
leave_root() {
    local at=${1:-$root}
    rm -f "$at/usr/sbin/policy-rc.d" "$at/etc/resolv.conf"
    umount "$at/run" "$at/sys" "$at/proc" "$at/dev/pts" "$at/dev"
}
inside() { chroot "$root" env -i LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

# apt inside $root through this machine's mirror, which is forgotten afterwards. Usage: guest_apt STAGE SUITES WORD...
guest_apt() {
    local stage=$1 suites=$2
    shift 2
    # shellcheck disable=SC2086
    guest_sources $suites >"$root/etc/apt/sources.list"
    # shellcheck disable=SC2086
    apt_sources deb $suites >"$root/run/sources.list"
    { apt_settings; echo 'Dir::Etc::sourcelist "/run/sources.list"; Acquire::Languages "none"; APT::Install-Recommends "false"; DPkg::Options { "--force-unsafe-io"; "--force-confdef"; "--force-confold"; };
      APT::Keep-Downloaded-Packages "true";'; } >"$root/run/apt.conf"
    inside APT_CONFIG=/run/apt.conf apt-get -qy update
    "$here/lib/debs" offer "$cache" "$stage" "$root"
    inside APT_CONFIG=/run/apt.conf apt-get -qy "$@"
    "$here/lib/debs" keep "$cache" "$stage" "$root"
    inside apt-get clean
}

# What makes a guest this host can boot and speak to: names, network, a console on the serial port, a sign that it is up.
configure_guest() { # ROOT HOSTNAME
    local at=$1
    echo "$2" >"$at/etc/hostname"
    printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n' "$2" >"$at/etc/hosts"
    printf 'auto lo\niface lo inet loopback\n\nauto eth0\niface eth0 inet dhcp\n' >"$at/etc/network/interfaces"
    rm -f "$at/etc/machine-id"
    chroot "$at" systemd-machine-id-setup
    echo 'root:jaunt' | chroot "$at" chpasswd
    mkdir -p "$at/etc/systemd/system/serial-getty@ttyS0.service.d"
    cat >"$at/etc/systemd/system/serial-getty@ttyS0.service.d/autologin.conf" <<'UNIT'
[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --keep-baud 115200 %I vt220
UNIT
    cat >"$at/etc/systemd/system/jaunt-guest-ready.service" <<'UNIT'
[Unit]
Description=Say on the serial console that this guest is up
After=multi-user.target networking.service ssh.service serial-getty@ttyS0.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ready="$(hostname) $(hostname -I)"; echo "$ready" >/run/jaunt-guest-ready; echo "jaunt-guest-ready $ready" >/dev/ttyS0'

[Install]
WantedBy=multi-user.target
UNIT
    chroot "$at" systemctl -q enable jaunt-guest-ready.service serial-getty@ttyS0.service
    mkdir -p "$at/etc/default/grub.d"
    cat >"$at/etc/default/grub.d/jaunt-guest.cfg" <<'CONFIG'
GRUB_TIMEOUT=0
GRUB_CMDLINE_LINUX="net.ifnames=0 console=tty0 console=ttyS0,115200"
GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
GRUB_TERMINAL="console serial"
GRUB_DISABLE_OS_PROBER=true
CONFIG
}

# GRUB for the BIOS, as grub-install leaves it, without asking this machine which of its devices the disk is.
install_grub_bios() {
    local uuid
    uuid=$(blkid -p -O "$first_partition" -o value -s UUID "$disk")
    echo "UUID=$uuid / ext4 errors=remount-ro 0 1" >"$root/etc/fstab"
    mkdir -p "$root/boot/grub"
    cp -rT "$root/usr/lib/grub/i386-pc" "$root/boot/grub/i386-pc"
    inside grub-mkimage -O i386-pc -o /boot/grub/i386-pc/core.img -p '(,msdos1)/boot/grub' biosdisk part_msdos ext2
    # The first sector's code loads core.img from the sectors after it; bytes 440 and on are the partition table's.
    dd if="$root/boot/grub/i386-pc/boot.img" of="$disk" bs=440 count=1 conv=notrunc status=none
    dd if="$root/boot/grub/i386-pc/core.img" of="$disk" bs=512 seek=1 conv=notrunc status=none
    # Here the partition is a device by itself; the guest sees it as the first of the first disk.
    echo '(hd0) /dev/guest-root' >"$root/boot/grub/device.map"
    inside update-grub
    rm "$root/boot/grub/device.map"
    sed -i "s/set root='hd0'/set root='hd0,msdos1'/" "$root/boot/grub/grub.cfg"
    grep -q "linux.*root=UUID=$uuid" "$root/boot/grub/grub.cfg"
}

# The truth about what is inside, for tests to compare with.
list_packages_dpkg() { # ROOT
    chroot "$1" dpkg-query -W -f '${Package} ${Version} ${Architecture}\n' | LC_ALL=C sort >"$work/packages.txt"
}
list_files() { # ROOT
    (cd "$1" && find . -xdev -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 -r -n 500 sha256sum --) >"$work/files.sha256"
}

# Unmounts the root cleanly, proves it, and gives zero blocks back to the host.
close_disk() {
    rm -f "$root"/var/lib/systemd/random-seed
    sync -f "$root"
    umount "$root"
    rmdir "$root"
    e2fsck -fn "$disk?offset=$first_partition"
    fallocate --dig-holes "$disk"
}

# Usage: write_json KEY=VALUE... ; the values true, false and numbers stay what they are.
write_json() {
    python3 - "$work/guest.json" name="$guest" summary="$summary" "$@" <<'PYTHON'
import json, sys
facts = {}
for word in sys.argv[2:]:
    key, value = word.split("=", 1)
    facts[key] = {"true": True, "false": False}.get(value, int(value) if value.isdigit() and key.endswith(("_mib", "_bytes")) else value)
with open(sys.argv[1], "w") as out:
    json.dump(facts, out, indent=2)
    out.write("\n")
PYTHON
}

write_domain() { # MEMORY_MIB [uefi]
    local firmware='' machine=pc
    if [ "${2:-}" = uefi ]; then
        machine=q35
        firmware="
    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
    <nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'/>"
    fi
    cat >"$work/domain.xml" <<XML
<domain type='qemu'>
  <name>jaunt-test-$guest</name>
  <memory unit='MiB'>$1</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='$machine'>hvm</type>$firmware
    <boot dev='hd'/>
  </os>
  <features>
    <acpi/>
    <apic/>
  </features>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='@DISK@'>
        <seclabel model='dac' relabel='no'/>
      </source>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='network'>
      <source network='default'/>
      <model type='virtio'/>
    </interface>
    <serial type='pty'/>
    <console type='pty'/>
    <rng model='virtio'>
      <backend model='random'>/dev/urandom</backend>
    </rng>
  </devices>
</domain>
XML
}
