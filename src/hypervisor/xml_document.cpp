#include "hypervisor/xml_document.hpp"

#include <string>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "hypervisor/xml.hpp"

namespace jaunt::hypervisor {

using base::Error;
using base::ErrorKind;

pugi::xml_node load_xml(pugi::xml_document& document, std::string_view xml, const char* root_name) {
  const std::string operation = fmt::format("read the XML of a {}", root_name);
  if (xml.size() > kXmlMax.value)
    throw Error(ErrorKind::limit, operation, "", fmt::format("it is larger than {}", base::human_bytes(kXmlMax)));
  // Entities other than XML's own five are never expanded; a document that declares any is refused.
  const auto parsed =
      document.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_doctype, pugi::encoding_utf8);
  if (!parsed)
    throw Error(ErrorKind::corrupt, operation, "",
                fmt::format("{} at byte {}", parsed.description(), static_cast<long long>(parsed.offset)));
  for (const auto& child : document)
    if (child.type() == pugi::node_doctype)
      throw Error(ErrorKind::unsupported, operation, "", "it has a document type, which libvirt never writes");
  const auto root = document.child(root_name);
  if (!root)
    throw Error(ErrorKind::corrupt, operation, "", fmt::format("it has no element <{}>", root_name));
  return root;
}

}  // namespace jaunt::hypervisor
