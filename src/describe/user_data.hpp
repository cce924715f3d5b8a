// Where people keep data in a guest, and how much.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "model/description.hpp"

namespace jaunt::describe {

// The place that a file belongs to when no package owns it: "/home", "/srv", "/usr/local", "/var/www",
// "/var/lib/mysql", "/data"; nullopt where the system itself keeps files that can be made again.
std::optional<std::string> user_data_place(std::string_view path);

// Adds up files. Paths are absolute, in the guest's view.
class UserDataCounter {
 public:
  void own(std::string_view path);  // a package has this file
  void add(std::string_view path, base::ByteCount bytes);

  std::vector<model::UserData> places() const;  // largest first

 private:
  std::unordered_set<std::string> owned_;
  std::map<std::string, model::UserData, std::less<>> places_;
};

}  // namespace jaunt::describe
