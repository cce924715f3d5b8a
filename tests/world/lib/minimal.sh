# The recipe of `minimal` and of what is built like it.

minimal_packages=(linux-image-amd64 grub-pc openssh-server ifupdown systemd-sysv ca-certificates locales)

build_minimal() {
    make_disk 8
    install_debian minimal "$root" "$release" "${minimal_packages[@]}"
    finish_debian
}

finish_debian() {
    enter_root
    configure_guest "$root" "$guest"
    install_grub_bios
    leave_root
    describe_debian
}

describe_debian() {
    list_packages_dpkg "$root"
    list_files "$root"
    close_disk
    write_domain "${memory_mib:-512}"
    write_json os=debian version=12 package_format=deb firmware=bios format=raw disk=disk.img \
        packages=packages.txt files=files.sha256 boots=true memory_mib="${memory_mib:-512}" root_filesystem=ext4 root_password=jaunt check="${check:-true}"
}
