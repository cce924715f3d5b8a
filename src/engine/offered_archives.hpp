// The archives within a machine's disks that another node may ask for: which there are, and what is in them.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/file.hpp"
#include "codec/archive.hpp"
#include "engine/describe_job.hpp"
#include "engine/guest_files.hpp"
#include "transport/messages.hpp"

namespace jaunt::engine {

// Of one machine as it is held. One thread; the workplace outlives it.
class OfferedArchives {
 public:
  OfferedArchives(std::shared_ptr<const GuestFiles> files, const Workplace& workplace);

  // Of a disk, by its place in the description; its tree tells the ids of some of their blocks.
  transport::Archives told(std::size_t disk, const model::TreeView& tree) const;

  struct Opened {
    codec::UnpackedArchive archive;
    std::string path;  // in the guest
    ReadDisk content;  // as long as this lives
  };
  // The one at this position of what was told of the disk, whose image this is. Throws corrupt where there is none
  // such.
  std::variant<Opened, codec::NotUnpacked> open(std::size_t disk, std::uint32_t position, const disk::Image& image);

 private:
  std::vector<const GuestArchive*> of(std::size_t disk) const;
  const std::filesystem::path& folder();

  const std::shared_ptr<const GuestFiles> files_;
  const Workplace& workplace_;
  std::optional<base::TemporaryDirectory> folder_;
  unsigned opened_ = 0;
};

}  // namespace jaunt::engine
