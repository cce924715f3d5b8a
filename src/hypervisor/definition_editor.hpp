// What adapting a definition is made of: elements kept by name, everything else left out, and a list of it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "hypervisor/adaptation.hpp"

namespace pugi {
class xml_node;
}

namespace jaunt::hypervisor {

using Words = std::initializer_list<std::string_view>;

struct DefinitionEditor {
  const model::GuestAbility& ability;
  const Arrangement& arrangement;
  std::vector<DefinitionChange> changes = {};

  void changed(std::string what, std::string from, std::string to) {
    changes.push_back({std::move(what), std::move(from), std::move(to)});
  }

  // Leaves out the children that are not among these names, and tells of it as "WHAT: NAME".
  void keep_children(pugi::xml_node node, Words names, const std::string& what);
  // The same without a word: for what libvirt fills in itself.
  static void drop_children(pugi::xml_node node, std::initializer_list<const char*> names);
  static void keep_attributes(pugi::xml_node node, Words names);
  static void set(pugi::xml_node node, const char* attribute, const std::string& value);
};

bool is_one_of(std::string_view word, Words words);

// Everything below <devices>.
void adapt_devices(pugi::xml_node devices, DefinitionEditor& editor);

// One <disk>; false: it is to be left out.
bool adapt_disk(pugi::xml_node disk, DefinitionEditor& editor);
// One <interface>, the `number`-th; false: it is to be left out.
bool adapt_interface(pugi::xml_node interface, unsigned number, DefinitionEditor& editor);

}  // namespace jaunt::hypervisor
