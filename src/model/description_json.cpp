#include "model/description_json.hpp"

#include "model/description_fields.hpp"
#include "model/json_codec.hpp"

namespace jaunt::model {

std::string to_json(const Description& description) {
  return json_codec::to_document("description", kDescriptionVersion, description);
}

Description description_from_json(std::string_view text) {
  return json_codec::from_document<Description>("description", kDescriptionVersion, text);
}

}  // namespace jaunt::model
