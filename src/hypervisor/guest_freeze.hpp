// The guest's filesystems frozen for an instant, through its agent.
#pragma once

#include <filesystem>
#include <string>

#include "hypervisor/domain.hpp"

namespace jaunt::hypervisor {

// Frozen from construction to thaw(). A note file tells whoever cleans up after a crash that somebody has to thaw.
class GuestFreeze {
 public:
  // Tries to; a guest that cannot be frozen stays as it is, and why_not() tells why.
  GuestFreeze(const Domain& domain, std::filesystem::path note);
  // Thaws, too; a failure there has nobody to tell.
  ~GuestFreeze();
  GuestFreeze(const GuestFreeze&) = delete;
  GuestFreeze& operator=(const GuestFreeze&) = delete;

  bool frozen() const { return frozen_; }
  const std::string& why_not() const { return why_not_; }

  // A guest that cannot be thawed is an Error of kind guest that says how to do it by hand.
  void thaw();

 private:
  const Domain& domain_;
  std::filesystem::path note_;
  bool frozen_ = false;
  bool to_thaw_ = false;
  std::string why_not_;
};

// Thaws the filesystems of a guest whose note was left behind.
void thaw_leftover(const Domain& domain, const std::filesystem::path& note);

}  // namespace jaunt::hypervisor
