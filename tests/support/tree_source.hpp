// A chunkstore::Source over the trees of single images: part n is image n, a place is a block's number in it.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "chunkstore/source.hpp"
#include "model/tree_file.hpp"

namespace jaunt::testing {

// The trees outlive it. It tells what it knows, and has no bytes.
class TreeSource : public chunkstore::Source {
 public:
  explicit TreeSource(std::vector<const model::TreeView*> trees) : trees_(std::move(trees)) {}

  const std::string& name() const override { return name_; }
  std::uint64_t ids() const override {
    std::uint64_t sum = 0;
    for (const model::TreeView* tree : trees_)
      sum += tree->ids().size();
    return sum;
  }
  std::string part_name(std::uint32_t part) const override { return "tree " + std::to_string(part); }

  void find(std::span<const model::BlockId> ids, const Found& found) const override {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      for (std::uint32_t part = 0; part < trees_.size(); ++part) {
        if (const auto rank = trees_[part]->rank_of(ids[i])) {
          found(i, {part, trees_[part]->first_block_of(*rank).value});
          break;
        }
      }
    }
  }

  void complete(std::span<const std::uint64_t> prefixes, unsigned bits, const Completed& completed) const override {
    for (std::size_t i = 0; i < prefixes.size(); ++i)
      for (std::uint32_t part = 0; part < trees_.size(); ++part)
        complete_in(part, i, prefixes[i], bits, completed);
  }

  void ids_from(const chunkstore::Place& first, std::span<model::BlockId> ids) const override {
    for (std::size_t i = 0; i < ids.size(); ++i)
      ids[i] = trees_[first.part]->id_at(model::BlockIndex(first.block + i)).value_or(model::BlockId{});
  }

  std::unique_ptr<chunkstore::SourceReader> reader() const override { return nullptr; }

 private:
  void complete_in(std::uint32_t part, std::size_t index, std::uint64_t beginning, unsigned bits,
                   const Completed& completed) const {
    const auto beginning_of = [&](const model::BlockId& id) { return head(id) >> (64 - bits); };
    const auto ids = trees_[part]->ids();
    for (auto id = std::ranges::lower_bound(ids, beginning, {}, beginning_of);
         id != ids.end() && beginning_of(*id) == beginning; ++id) {
      const auto rank = static_cast<std::uint32_t>(id - ids.begin());
      completed(index, *id, {part, trees_[part]->first_block_of(rank).value});
    }
  }

  static std::uint64_t head(const model::BlockId& id) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i)
      value = value << 8 | std::to_integer<std::uint64_t>(id.bytes[i]);
    return value;
  }

  std::vector<const model::TreeView*> trees_;
  std::string name_ = "trees";
};

}  // namespace jaunt::testing
