// One XML document, bounded, as every parser of this folder begins with.
#pragma once

#include <string_view>

namespace pugi {
class xml_document;
class xml_node;
}  // namespace pugi

namespace jaunt::hypervisor {

// The document's root element, which must have this name. Throws corrupt, unsupported or limit.
pugi::xml_node load_xml(pugi::xml_document& document, std::string_view xml, const char* root_name);

}  // namespace jaunt::hypervisor
