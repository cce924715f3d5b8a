#include <doctest/doctest.h>

#include "base/hash.hpp"
#include "base/text.hpp"

using namespace jaunt::base;

TEST_CASE("Base64 follows the vectors of RFC 4648 both ways") {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"\xff\xfe\x00z", "//4="}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(to_base64(bytes) == text);
    CHECK(from_base64(text) == bytes);
  }
  CHECK(from_base64("AP8=") == std::string("\0\xff", 2));
}

TEST_CASE("Base64 that its writer would not write is refused") {
  for (const char* text : {"Zg", "Zg=", "Zh==", "Z===", "====", "Zg==Zg==", " Zg=", "Zm-_", "Zg==\n"}) {
    CAPTURE(text);
    CHECK_FALSE(from_base64(text).has_value());
  }
}

TEST_CASE("Hexadecimal digits are read back, and only the lower-case pairs that are written") {
  CHECK(to_hex(*from_hex("00ff10ab")) == "00ff10ab");
  CHECK(from_hex("")->empty());
  for (const char* text : {"0", "0g", "FF", "0x", " 0"})
    CHECK_FALSE(from_hex(text).has_value());
}
