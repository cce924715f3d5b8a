// What a destination that holds one image would need of another, against a plain copy. tools/demo runs it.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/progress.hpp"
#include "base/text.hpp"
#include "disk/chain.hpp"
#include "disk/open.hpp"
#include "disk/scan.hpp"
#include "match/overlap.hpp"
#include "model/tree_file.hpp"

using namespace jaunt;

namespace {

model::TreeFile tree_of(const std::filesystem::path& path, const std::filesystem::path& tree_path) {
  const auto folder = std::filesystem::canonical(path).parent_path();
  const auto chain = disk::resolve_chain({.path = path, .format = {}}, {.folders = {folder}, .devices = {}});
  const auto image = disk::open_image(chain);
  base::Progress silent;
  disk::scan(*image, {.tree_path = tree_path}, silent);
  return model::TreeFile(tree_path);
}

double percent(base::ByteCount part, base::ByteCount whole) {
  return whole.value == 0 ? 0 : 100.0 * static_cast<double>(part.value) / static_cast<double>(whole.value);
}

void row(const char* what, base::ByteCount bytes) {
  fmt::print("  {:46} {:>9}\n", what, base::human_bytes(bytes));
}

void compare(const char* wanted_path, const char* held_path) {
  const base::TemporaryDirectory folder;
  const auto wanted = tree_of(wanted_path, folder.path() / "wanted");
  const auto held = tree_of(held_path, folder.path() / "held");
  const model::TreeView* held_views[] = {&held.view()};
  const auto alone = match::overlap(wanted.view(), wanted->elided(), {});
  const auto shared = match::overlap(wanted.view(), wanted->elided(), held_views);
  row("a plain copy of the disk", wanted->size());
  row("a copy that leaves zeros out", shared.needed());
  row("each different block once", alone.missing());
  row("only blocks that the other machine lacks", shared.missing());
  fmt::print("  {:.1f} % of what this disk needs is there already.\n", percent(shared.found(), shared.needed()));
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) {
    fmt::print(stderr, "usage: {} WANTED_IMAGE HELD_IMAGE\n", argv[0]);
    return EXIT_FAILURE;
  }
  compare(argv[1], argv[2]);
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return EXIT_FAILURE;
}
