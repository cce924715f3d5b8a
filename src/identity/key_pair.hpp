// The private key as OpenSSL knows it, for the files of this folder.
#pragma once

#include <memory>
#include <string>

#include "identity/node_key.hpp"

// OpenSSL's own name for a key; its headers stay in .cpp files.
struct evp_pkey_st;

namespace jaunt::identity {

struct NodeKey::Pair {
  explicit Pair(evp_pkey_st* owned) : key(owned) {}
  ~Pair();
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  evp_pkey_st* key;
};

// What OpenSSL says of its last failure on this thread.
std::string openssl_failure();

}  // namespace jaunt::identity
