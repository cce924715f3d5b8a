// What bench/store runs and measures. Prints one JSON object.
//   put HOME IMAGE TREE THREADS       all blocks of a scanned raw image into a store
//   get HOME TREE OUTPUT              the image again, from the store alone
//   hash IMAGE THREADS                ceiling: ids of all its blocks, from memory
//   compress IMAGE THREADS            ceiling: its blocks in groups of 64, zstd at the store's level, from memory
//   grow HOME BLOCKS                  the index alone, filled with made-up blocks, then asked
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <thread>

#include <fcntl.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "chunkstore/pack_format.hpp"
#include "chunkstore/store.hpp"
#include "chunkstore/store_commit.hpp"
#include "chunkstore/store_writer.hpp"
#include "codec/zstd_frame.hpp"
#include "model/tree_file.hpp"

using namespace jaunt;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kBatch = 1024;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Calls visit(block, id) for each non-zero block, ascending.
template <typename Visit>
void each_nonzero(const model::TreeView& tree, const Visit& visit) {
  std::array<model::BlockId, model::kFanout> ids;
  for (const model::TreeGroup& group : tree.groups()) {
    auto next = tree.ids_of(group, ids).begin();
    for (unsigned i = 0; i < model::kFanout; ++i)
      if ((group.mask >> i & 1) != 0)
        visit(std::uint64_t{group.index} * model::kFanout + i, *next++);
  }
}

Json put(const std::string& home, const std::string& image, const std::string& tree_path, unsigned threads) {
  const model::TreeFile tree(tree_path);
  const auto file = base::File::open(image, O_RDONLY);
  const chunkstore::Store store(home);
  auto writer = store.write({}, {.threads = threads});
  std::vector<model::BlockId> ids;
  base::Bytes blocks;
  std::uint64_t bytes = 0;
  std::uint64_t first = 0;
  const auto flush = [&] {
    if (ids.empty())
      return;
    blocks.resize(ids.size() * model::kBlockBytes);
    const std::size_t got = file.read_some(base::ByteOffset(first * model::kBlockBytes), blocks);
    std::fill(blocks.begin() + static_cast<std::ptrdiff_t>(got), blocks.end(), std::byte{0});
    writer.put(ids, blocks);
    bytes += blocks.size();
    ids.clear();
  };
  each_nonzero(tree.view(), [&](std::uint64_t block, const model::BlockId& id) {
    if (ids.size() == kBatch || block != first + ids.size())
      flush();
    if (ids.empty())
      first = block;
    ids.push_back(id);
  });
  flush();
  const std::uint64_t blocks_new = writer.commit();
  return {{"bytes", bytes}, {"blocks_new", blocks_new}, {"pack_bytes", store.pack_bytes().value}};
}

Json get(const std::string& home, const std::string& tree_path, const std::string& output) {
  const model::TreeFile tree(tree_path);
  const chunkstore::Store store(home);
  const auto file = base::File::open(output, O_RDWR | O_CREAT | O_TRUNC);
  file.truncate(tree->size());
  std::vector<model::BlockId> ids;
  std::vector<std::uint64_t> places;
  std::uint64_t bytes = 0;
  const auto flush = [&] {
    bytes += model::kBlockBytes * store.get({}, ids, [&](std::size_t index, base::ByteView block) {
      const std::uint64_t at = places[index] * model::kBlockBytes;
      file.write_all(base::ByteOffset(at),
                     block.first(std::min<std::uint64_t>(block.size(), tree->size().value - at)));
    });
    ids.clear();
    places.clear();
  };
  each_nonzero(tree.view(), [&](std::uint64_t block, const model::BlockId& id) {
    ids.push_back(id);
    places.push_back(block);
    if (ids.size() == 16 * kBatch)
      flush();
  });
  flush();
  return {{"bytes", bytes}};
}

// Non-zero data in memory, as much as fits 1 GiB.
base::Bytes sample_of(const std::string& image) {
  const auto file = base::File::open(image, O_RDONLY);
  base::Bytes sample;
  base::Bytes piece(64 * model::kBlockBytes);
  for (std::uint64_t at = 0; sample.size() < base::kGiB; at += piece.size()) {
    const std::size_t got = file.read_some(base::ByteOffset(at), piece);
    if (got == 0)
      break;
    for (std::size_t block = 0; block + model::kBlockBytes <= got; block += model::kBlockBytes) {
      const auto bytes = base::ByteView(piece).subspan(block, model::kBlockBytes);
      if (!model::is_zero(bytes))
        sample.insert(sample.end(), bytes.begin(), bytes.end());
    }
  }
  return sample;
}

Json in_threads(const std::string& image, unsigned threads, const std::function<void(base::ByteView group)>& work) {
  const base::Bytes sample = sample_of(image);
  constexpr std::size_t group_bytes = chunkstore::pack_format::kGroupBlocksMax * model::kBlockBytes;
  std::atomic<std::size_t> next = 0;
  const auto start = Clock::now();
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i)
    workers.emplace_back([&] {
      for (std::size_t at = next.fetch_add(group_bytes); at < sample.size(); at = next.fetch_add(group_bytes))
        work(base::ByteView(sample).subspan(at, std::min(group_bytes, sample.size() - at)));
    });
  for (std::thread& worker : workers)
    worker.join();
  return {{"bytes", sample.size()}, {"seconds", seconds_since(start)}};
}

Json hash(const std::string& image, unsigned threads) {
  return in_threads(image, threads, [](base::ByteView group) {
    thread_local model::BlockHasher hasher;
    for (; !group.empty(); group = group.subspan(model::kBlockBytes))
      hasher.id_of(group.first(model::kBlockBytes));
  });
}

Json compress(const std::string& image, unsigned threads) {
  return in_threads(image, threads, [](base::ByteView group) {
    thread_local codec::FrameCompressor compressor;
    thread_local base::Bytes frame;
    frame.clear();
    compressor.append_frame(group, group.size() + base::kKiB, frame);
  });
}

model::BlockId made_up(std::mt19937_64& random) {
  model::BlockId id;
  for (std::size_t at = 0; at < id.bytes.size(); at += 8) {
    const std::uint64_t word = random();
    std::copy_n(reinterpret_cast<const std::byte*>(&word), 8, id.bytes.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return id;
}

// Commits as large as a writer makes them; the packs are only records, since nothing of them is read.
Json grow(const std::string& home, std::uint64_t blocks) {
  const chunkstore::Store store(home);
  const auto& folder = store.folder();
  const auto lock = folder.lock_writer({});
  std::mt19937_64 random(1);
  const auto start = Clock::now();
  std::uint64_t written = 0;
  for (std::uint64_t done = 0; done < blocks;) {
    chunkstore::StoreChange change;
    const auto pack = static_cast<std::uint32_t>(done / chunkstore::StoreWriter::kBlocksMax);
    const std::uint64_t some = std::min<std::uint64_t>(chunkstore::StoreWriter::kBlocksMax, blocks - done);
    for (std::uint64_t i = 0; i < some; ++i)
      change.entries.push_back(
          {made_up(random), chunkstore::Location::of(pack, 128 + i / 64 * 131072 % (1U << 28), 100'000, i % 64)});
    change.packs.push_back({.number = pack, .bytes = 128, .groups = 0, .blocks = some, .realm = "default"});
    const auto before = chunkstore::StoreSnapshot::load(folder, "default");
    chunkstore::commit(folder, *before, std::move(change));
    const auto after = chunkstore::StoreSnapshot::load(folder, "default");
    written += after->segments().front().index->entries().size() * sizeof(chunkstore::IndexEntry);
    done += some;
  }
  const double filling = seconds_since(start);
  std::mt19937_64 again(1);
  std::vector<model::BlockId> ids(std::min<std::uint64_t>(1'000'000, blocks));
  for (auto& id : ids)
    id = made_up(again);
  std::ranges::shuffle(ids, random);
  const auto rate = [&] {
    const auto asked = Clock::now();
    const auto here = store.has({}, ids);
    if (std::ranges::find(here, false) != here.end())
      throw base::Error(base::ErrorKind::verify, "look up", "made-up blocks", "they are not all there");
    return static_cast<double>(ids.size()) / seconds_since(asked);
  };
  const double found = rate();
  for (auto& id : ids)
    id = made_up(random);
  const auto asked = Clock::now();
  store.has({}, ids);
  const double absent = static_cast<double>(ids.size()) / seconds_since(asked);
  const auto figures = store.figures();
  return {{"blocks", blocks},
          {"fill_seconds", filling},
          {"index_bytes", figures.index_bytes.value},
          {"manifest_bytes", figures.manifest_bytes.value},
          {"index_bytes_written", written},
          {"lookups_per_second", found},
          {"absent_lookups_per_second", absent}};
}

Json run(const std::vector<std::string>& words) {
  const std::string& what = words.at(0);
  const auto number = [&](std::size_t i) { return static_cast<unsigned>(std::stoul(words.at(i))); };
  if (what == "put")
    return put(words.at(1), words.at(2), words.at(3), number(4));
  if (what == "get")
    return get(words.at(1), words.at(2), words.at(3));
  if (what == "hash")
    return hash(words.at(1), number(2));
  if (what == "compress")
    return compress(words.at(1), number(2));
  if (what == "grow")
    return grow(words.at(1), number(2));
  throw base::Error(base::ErrorKind::usage, "run", what, "put, get, hash, compress and grow are known");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::puts(run({argv + 1, argv + argc}).dump().c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "store_driver: %s\n", error.what());
    return 1;
  }
}
