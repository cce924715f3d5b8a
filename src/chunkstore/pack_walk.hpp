// A pack read from its beginning to its end, whatever state it is in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "base/error.hpp"
#include "base/units.hpp"
#include "chunkstore/pack_format.hpp"

namespace jaunt::chunkstore {

// visit(offset, group, blocks) for each group in the first `bytes` of the file whose checksum is right and whose
// blocks can be decompressed. What lies between them is passed over, be it damage or the gap before a page; so the
// caller compares what it gets with what should be there. Throws not_found without the file, and io only for its
// header.
using VisitGroup =
    std::function<void(base::ByteOffset at, const pack_format::GroupView& group, base::ByteView blocks)>;
void walk_pack(const std::filesystem::path& path, base::ByteCount bytes, const VisitGroup& visit,
               const base::CancelToken& cancel = {});

}  // namespace jaunt::chunkstore
