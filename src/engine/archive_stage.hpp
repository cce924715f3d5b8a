// Archives of a machine that is to come here: those that are worth it come as what is in them, and are packed again.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/conversation.hpp"
#include "engine/describe_job.hpp"
#include "engine/holdings.hpp"
#include "match/archive_choice.hpp"
#include "model/plan.hpp"

namespace jaunt::engine {

// What became of them.
struct ArchiveSummary {
  std::uint64_t made = 0;
  base::ByteCount bytes;                      // of those
  std::map<std::string, std::uint64_t> left;  // that come as they are, by why
  std::chrono::duration<double> elapsed{};
};

// Within a conversation that is about the machine already, before its disks are compared. One thread.
class ArchiveStage {
 public:
  ArchiveStage(Conversation& conversation, std::string realm, const Workplace& workplace);

  // Those that would be worth it over a slow link, as far as that can be told before.
  model::PlannedArchives forecast();
  // Over a link of so many bytes in a second. What was made is catalogued, so that the comparison finds it here;
  // whatever fails comes over the link as it is.
  ArchiveSummary fetch(base::ByteCount link);

 private:
  void consider(std::uint32_t disk, std::uint32_t number, const transport::ArchiveFacts& archive);
  bool is_here(const transport::ArchiveFacts& archive) const;
  // What is in it, where it was proved.
  std::filesystem::path bring(const transport::Unpacked& unpacked, const transport::ArchiveFacts& archive);
  void pack(const transport::Unpacked& unpacked, const std::filesystem::path& content);
  void catalogue();

  Conversation& conversation_;
  const std::string realm_;
  const Workplace& workplace_;
  const Holdings holdings_;
  match::ArchiveCosts costs_;
  std::vector<std::filesystem::path> made_;
  ArchiveSummary summary_;
};

}  // namespace jaunt::engine
