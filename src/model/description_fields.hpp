// The keys of every value of description.hpp, listed once for both the writer and the reader of JSON.
#pragma once

#include <array>
#include <tuple>

#include "model/description.hpp"
#include "model/json_fields.hpp"

namespace jaunt::model {

template <>
inline constexpr auto kJsonNames<FilesystemState> =
    std::array{JsonName{FilesystemState::clean, "clean"}, JsonName{FilesystemState::dirty, "dirty"},
               JsonName{FilesystemState::in_use, "in_use"}, JsonName{FilesystemState::unknown, "unknown"}};

template <>
inline constexpr std::array kJsonNames<DiskRole> =
    std::array{JsonName{DiskRole::disk, "disk"}, JsonName{DiskRole::cdrom, "cdrom"},
               JsonName{DiskRole::floppy, "floppy"}, JsonName{DiskRole::seed, "seed"}};

template <>
inline constexpr auto kJsonFields<Problem> =
    std::tuple{JsonField{"subject", &Problem::subject}, JsonField{"cause", &Problem::cause}};

template <>
inline constexpr auto kJsonFields<Package> = std::tuple{
    JsonField{"name", &Package::name}, JsonField{"version", &Package::version}, JsonField{"arch", &Package::arch}};

template <>
inline constexpr auto kJsonFields<Repository> =
    std::tuple{JsonField{"format", &Repository::format},   JsonField{"uri", &Repository::uri},
               JsonField{"suite", &Repository::suite},     JsonField{"components", &Repository::components},
               JsonField{"enabled", &Repository::enabled}, JsonField{"file", &Repository::file}};

template <>
inline constexpr auto kJsonFields<UserData> = std::tuple{
    JsonField{"path", &UserData::path}, JsonField{"bytes", &UserData::bytes}, JsonField{"files", &UserData::files}};

template <>
inline constexpr auto kJsonFields<OperatingSystem> =
    std::tuple{JsonField{"root_device", &OperatingSystem::root_device},
               JsonField{"type", &OperatingSystem::type},
               JsonField{"distro", &OperatingSystem::distro},
               JsonField{"product", &OperatingSystem::product},
               JsonField{"major_version", &OperatingSystem::major_version},
               JsonField{"minor_version", &OperatingSystem::minor_version},
               JsonField{"arch", &OperatingSystem::arch},
               JsonField{"hostname", &OperatingSystem::hostname},
               JsonField{"init", &OperatingSystem::init},
               JsonField{"package_format", &OperatingSystem::package_format},
               JsonField{"packages", &OperatingSystem::packages},
               JsonField{"repositories", &OperatingSystem::repositories},
               JsonField{"user_data", &OperatingSystem::user_data}};

template <>
inline constexpr auto kJsonFields<Filesystem> = std::tuple{JsonField{"device", &Filesystem::device},
                                                           JsonField{"type", &Filesystem::type},
                                                           JsonField{"label", &Filesystem::label},
                                                           JsonField{"uuid", &Filesystem::uuid},
                                                           JsonField{"mount_points", &Filesystem::mount_points},
                                                           JsonField{"size", &Filesystem::size},
                                                           JsonField{"used", &Filesystem::used},
                                                           JsonField{"free", &Filesystem::free},
                                                           JsonField{"state", &Filesystem::state},
                                                           JsonField{"state_reason", &Filesystem::state_reason},
                                                           JsonField{"opaque", &Filesystem::opaque},
                                                           JsonField{"elidable", &Filesystem::elidable}};

template <>
inline constexpr auto kJsonFields<Partition> =
    std::tuple{JsonField{"device", &Partition::device}, JsonField{"disk", &Partition::disk},
               JsonField{"extent", &Partition::extent}, JsonField{"type", &Partition::type},
               JsonField{"label", &Partition::label}};

template <>
inline constexpr auto kJsonFields<PartitionTable> =
    std::tuple{JsonField{"disk", &PartitionTable::disk}, JsonField{"type", &PartitionTable::type},
               JsonField{"partitions", &PartitionTable::partitions}};

template <>
inline constexpr auto kJsonFields<LogicalVolume> =
    std::tuple{JsonField{"group", &LogicalVolume::group}, JsonField{"name", &LogicalVolume::name},
               JsonField{"uuid", &LogicalVolume::uuid}, JsonField{"size", &LogicalVolume::size}};

template <>
inline constexpr auto kJsonFields<FileIdentity> =
    std::tuple{JsonField{"device", &FileIdentity::device}, JsonField{"inode", &FileIdentity::inode},
               JsonField{"size", &FileIdentity::size}, JsonField{"mtime_ns", &FileIdentity::mtime_ns},
               JsonField{"ctime_ns", &FileIdentity::ctime_ns}};

template <>
inline constexpr auto kJsonFields<Layer> =
    std::tuple{JsonField{"path", &Layer::path}, JsonField{"format", &Layer::format},
               JsonField{"virtual_size", &Layer::virtual_size}, JsonField{"allocated", &Layer::allocated},
               JsonField{"identity", &Layer::identity}};

template <>
inline constexpr auto kJsonFields<Disk> = std::tuple{JsonField{"target", &Disk::target},
                                                     JsonField{"role", &Disk::role},
                                                     JsonField{"source", &Disk::source},
                                                     JsonField{"source_type", &Disk::source_type},
                                                     JsonField{"format", &Disk::format},
                                                     JsonField{"read_only", &Disk::read_only},
                                                     JsonField{"shareable", &Disk::shareable},
                                                     JsonField{"size", &Disk::size},
                                                     JsonField{"layers", &Disk::layers},
                                                     JsonField{"root", &Disk::root},
                                                     JsonField{"carried_root", &Disk::carried_root},
                                                     JsonField{"nonzero", &Disk::nonzero},
                                                     JsonField{"needed", &Disk::needed}};

template <>
inline constexpr auto kJsonFields<NetworkInterface> =
    std::tuple{JsonField{"mac", &NetworkInterface::mac}, JsonField{"model", &NetworkInterface::model},
               JsonField{"kind", &NetworkInterface::kind}, JsonField{"source", &NetworkInterface::source}};

template <>
inline constexpr auto kJsonFields<Firmware> =
    std::tuple{JsonField{"kind", &Firmware::kind}, JsonField{"loader", &Firmware::loader},
               JsonField{"nvram", &Firmware::nvram}, JsonField{"secure_boot", &Firmware::secure_boot}};

template <>
inline constexpr auto kJsonFields<Snapshot> =
    std::tuple{JsonField{"name", &Snapshot::name},       JsonField{"parent", &Snapshot::parent},
               JsonField{"state", &Snapshot::state},     JsonField{"created", &Snapshot::created},
               JsonField{"current", &Snapshot::current}, JsonField{"external", &Snapshot::external}};

template <>
inline constexpr auto kJsonFields<Hardware> = std::tuple{JsonField{"name", &Hardware::name},
                                                         JsonField{"uuid", &Hardware::uuid},
                                                         JsonField{"connection", &Hardware::connection},
                                                         JsonField{"state", &Hardware::state},
                                                         JsonField{"persistent", &Hardware::persistent},
                                                         JsonField{"autostart", &Hardware::autostart},
                                                         JsonField{"managed_save", &Hardware::managed_save},
                                                         JsonField{"virtualization", &Hardware::virtualization},
                                                         JsonField{"machine", &Hardware::machine},
                                                         JsonField{"emulator", &Hardware::emulator},
                                                         JsonField{"arch", &Hardware::arch},
                                                         JsonField{"vcpus", &Hardware::vcpus},
                                                         JsonField{"memory", &Hardware::memory},
                                                         JsonField{"cpu_mode", &Hardware::cpu_mode},
                                                         JsonField{"cpu_model", &Hardware::cpu_model},
                                                         JsonField{"firmware", &Hardware::firmware},
                                                         JsonField{"tpm", &Hardware::tpm},
                                                         JsonField{"interfaces", &Hardware::interfaces},
                                                         JsonField{"host_devices", &Hardware::host_devices},
                                                         JsonField{"snapshots", &Hardware::snapshots},
                                                         JsonField{"checkpoints", &Hardware::checkpoints},
                                                         JsonField{"domain_xml", &Hardware::domain_xml}};

template <>
inline constexpr auto kJsonFields<Description> =
    std::tuple{JsonField{"subject", &Description::subject},
               JsonField{"hardware", &Description::hardware},
               JsonField{"systems", &Description::systems},
               JsonField{"partition_tables", &Description::partition_tables},
               JsonField{"logical_volumes", &Description::logical_volumes},
               JsonField{"filesystems", &Description::filesystems},
               JsonField{"disks", &Description::disks},
               JsonField{"problems", &Description::problems}};

}  // namespace jaunt::model
