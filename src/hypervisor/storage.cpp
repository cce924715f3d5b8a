#include "hypervisor/storage.hpp"

#include <cstdlib>
#include <memory>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pugixml.hpp>

#include "base/text.hpp"
#include "hypervisor/libvirt_error.hpp"
#include "hypervisor/xml.hpp"

namespace jaunt::hypervisor {

namespace {

struct PoolCloser {
  void operator()(virStoragePoolPtr pool) const { virStoragePoolFree(pool); }
};
struct VolumeCloser {
  void operator()(virStorageVolPtr volume) const { virStorageVolFree(volume); }
};
struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using Pool = std::unique_ptr<virStoragePool, PoolCloser>;
using Text = std::unique_ptr<char, Free>;

// One text of a definition by its path in the document; empty when it is absent or the definition is no XML.
std::string text_at(const Text& xml, const char* xpath, const char* attribute = nullptr) {
  pugi::xml_document document;
  const std::string_view view = xml ? std::string_view(xml.get()) : std::string_view();
  if (view.size() > kXmlMax.value || !document.load_buffer(view.data(), view.size()))
    return {};
  const pugi::xml_node node = document.select_node(xpath).node();
  return attribute == nullptr ? node.text().as_string() : node.attribute(attribute).as_string();
}

// An active pool that is a folder.
struct FolderPool {
  Pool pool;
  std::filesystem::path folder;
};

std::vector<FolderPool> folder_pools(const Connection& connection) {
  virStoragePoolPtr* list = nullptr;
  const int count = virConnectListAllStoragePools(connection.handle(), &list, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);
  if (count < 0 && virGetLastErrorCode() == VIR_ERR_NO_SUPPORT)
    return {};
  if (count < 0)
    throw_libvirt("list", "the storage pools");
  const std::unique_ptr<virStoragePoolPtr, Free> owned(list);
  std::vector<FolderPool> found;
  for (int i = 0; i < count; ++i) {
    Pool pool(list[i]);
    const Text xml(virStoragePoolGetXMLDesc(pool.get(), 0));
    const std::string type = text_at(xml, "/pool", "type");
    std::filesystem::path folder = text_at(xml, "/pool/target/path");
    if ((type == "dir" || type == "fs" || type == "netfs") && folder.is_absolute())
      found.push_back({std::move(pool), std::move(folder)});
  }
  return found;
}

}  // namespace

std::vector<std::filesystem::path> pool_folders(const Connection& connection) {
  std::vector<std::filesystem::path> folders;
  for (FolderPool& found : folder_pools(connection))
    folders.push_back(std::move(found.folder));
  return folders;
}

void refresh_pools(const Connection& connection, const std::filesystem::path& folder) {
  for (const FolderPool& found : folder_pools(connection)) {
    std::error_code absent;
    if (std::filesystem::equivalent(found.folder, folder, absent) && virStoragePoolRefresh(found.pool.get(), 0) != 0)
      throw_libvirt("refresh", "the storage pool of " + found.folder.string());
  }
}

std::optional<Volume> find_volume(const Connection& connection, std::string_view pool_and_volume) {
  const auto slash = pool_and_volume.find('/');
  if (slash == 0 || slash == pool_and_volume.npos)
    return std::nullopt;
  const Pool pool(
      virStoragePoolLookupByName(connection.handle(), std::string(pool_and_volume.substr(0, slash)).c_str()));
  if (!pool)
    return std::nullopt;
  const std::unique_ptr<virStorageVol, VolumeCloser> volume(
      virStorageVolLookupByName(pool.get(), std::string(pool_and_volume.substr(slash + 1)).c_str()));
  if (!volume)
    return std::nullopt;
  const Text path(virStorageVolGetPath(volume.get()));
  if (!path)
    throw_libvirt("find", "volume " + base::printable(pool_and_volume));
  const Text xml(virStorageVolGetXMLDesc(volume.get(), 0));
  return Volume{.path = path.get(), .format = text_at(xml, "/volume/target/format", "type")};
}

}  // namespace jaunt::hypervisor
