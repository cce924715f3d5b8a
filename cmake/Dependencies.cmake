# Third-party libraries, all from Debian packages. Each is owned by one folder (docs/architecture.md); fmt, JSON, CLI
# and test headers may appear anywhere.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(pugixml REQUIRED)
find_package(doctest REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
pkg_check_modules(libnbd REQUIRED IMPORTED_TARGET libnbd)
pkg_check_modules(libguestfs REQUIRED IMPORTED_TARGET libguestfs)
pkg_check_modules(libvirt REQUIRED IMPORTED_TARGET libvirt libvirt-qemu)
pkg_check_modules(lmdb REQUIRED IMPORTED_TARGET lmdb)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
