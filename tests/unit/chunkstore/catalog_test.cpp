#include "chunkstore/catalog.hpp"

#include <cstdio>
#include <thread>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "chunkstore/tree_scratch.hpp"
#include "support/tree_fixture.hpp"

using namespace jaunt;
using chunkstore::Catalog;
using chunkstore::LayerTree;
namespace fs = std::filesystem;

namespace {

// Does something the first time that progress is told, as somebody else would meanwhile.
class Meanwhile final : public base::Progress {
 public:
  explicit Meanwhile(std::function<void()> deed) : deed_(std::move(deed)) {}
  void advance(base::ByteCount) override {
    if (const auto deed = std::exchange(deed_, nullptr))
      deed();
  }

 private:
  std::function<void()> deed_;
};

struct Fixture {
  base::TemporaryDirectory folder{testing::quick_folder()};
  fs::path layer = folder.path() / "layer";
  std::optional<Catalog> catalog{std::in_place, folder.path() / "home"};
  base::Progress silent;

  Fixture() { write("some bytes of a guest"); }

  void write(std::string_view content) {
    base::write_text_file(layer, content);
    settle();
  }
  // Until the clock that stamps files has moved on.
  static void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(25)); }

  LayerTree tree(const disk::ScanOptions& options = {}) { return tree(options, silent); }
  LayerTree tree(const disk::ScanOptions& options, base::Progress& progress, const base::CancelToken& cancel = {}) {
    return catalog->tree_of(chain(layer), options, progress, cancel);
  }
  disk::Chain chain(const fs::path& path) const {
    return disk::resolve_chain({.path = path, .format = "raw"}, {.folders = {folder.path()}, .devices = {}});
  }
  std::vector<fs::path> trees() const {
    std::vector<fs::path> files;
    for (const auto& file : fs::directory_iterator(folder.path() / "home" / "trees"))
      if (file.path().filename() != "scratch")
        files.push_back(file.path());
    return files;
  }
  std::size_t trees_kept() const { return trees().size(); }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "An unchanged layer is not read again, in a later process neither") {
  const LayerTree first = tree();
  CHECK(first.remembered);
  CHECK_FALSE(first.from_catalog);
  CHECK(first.bytes_read.value > 0);
  catalog.reset();
  catalog.emplace(folder.path() / "home");
  const LayerTree second = tree();
  CHECK(second.from_catalog);
  CHECK(second.bytes_read.value == 0);
  CHECK(second.summary == first.summary);
  second.tree->verify();
}

TEST_CASE_FIXTURE(Fixture, "A layer of which one byte was written is read again") {
  const LayerTree first = tree();
  base::File::open(layer, O_RDWR).write_all(base::ByteOffset(3), base::as_bytes("x"));
  settle();
  const LayerTree second = tree();
  CHECK_FALSE(second.from_catalog);
  CHECK(second.summary.root != first.summary.root);
  first.tree->verify();  // the one before stays usable by whoever has it
  CHECK(trees_kept() == 1);
}

TEST_CASE_FIXTURE(Fixture, "A layer that was replaced by an equal one is read again, for nobody can know") {
  tree();
  write("some bytes of a guest");
  CHECK_FALSE(tree().from_catalog);
}

TEST_CASE_FIXTURE(Fixture, "A layer that somebody has open for writing is neither remembered nor believed") {
  tree();
  const base::File writer = base::File::open(layer, O_RDWR);
  const LayerTree open = tree();
  CHECK_FALSE(open.from_catalog);
  CHECK_FALSE(open.remembered);
  CHECK_FALSE(open.changed_meanwhile);
  open.tree->verify();
}

TEST_CASE_FIXTURE(Fixture, "A layer that changes while it is read is told so and not remembered") {
  Meanwhile write_to_it(
      [this] { base::File::open(layer, O_RDWR).write_all(base::ByteOffset(0), base::as_bytes("!")); });
  const LayerTree torn = tree({}, write_to_it);
  CHECK(torn.changed_meanwhile);
  CHECK_FALSE(torn.remembered);
  settle();
  CHECK_FALSE(tree().from_catalog);
}

TEST_CASE_FIXTURE(Fixture, "A cancelled scan leaves no tree") {
  const base::CancelToken cancel;
  Meanwhile cancel_it([&] { cancel.cancel(); });
  CHECK_THROWS_AS(tree({}, cancel_it, cancel), base::Cancelled);
  CHECK(trees_kept() == 0);
  CHECK(catalog->layers().empty());
}

TEST_CASE_FIXTURE(Fixture, "Realms keep trees of their own, and elision is worked out on what is kept") {
  base::write_text_file(layer, std::string(3 * 4096, 'a'));
  settle();
  tree();
  const disk::ScanOptions keyed{.key = model::RealmKey{std::byte{1}}};
  CHECK_FALSE(catalog->tree_of(chain(layer), keyed, silent, {}, "lab").from_catalog);
  disk::ScanOptions elided;
  elided.elided.insert({base::ByteOffset(0), base::ByteCount(2 * 4096)});
  const LayerTree known = tree(elided);
  CHECK(known.from_catalog);
  CHECK(known.summary.needed_blocks == 1);
  CHECK(known.summary.carried_root != known.summary.root);
}

TEST_CASE_FIXTURE(Fixture, "A tree that is lost or broken on disk is made again") {
  tree();
  const fs::path kept = trees().at(0);
  base::write_text_file(kept, "nonsense");
  CHECK_FALSE(tree().from_catalog);
  fs::remove(trees().at(0));
  CHECK_FALSE(tree().from_catalog);
  CHECK(tree().from_catalog);
}

TEST_CASE_FIXTURE(Fixture, "A layer is found by any of its names, listed, and forgotten") {
  tree();
  fs::create_symlink(layer, folder.path() / "alias");
  CHECK(catalog->tree_of(chain(folder.path() / "alias"), {}, silent).from_catalog);
  REQUIRE(catalog->layers().size() == 1);
  const chunkstore::LayerKey key = chunkstore::key_of(catalog->layers()[0]);
  CHECK(key == chunkstore::layer_key("default", fs::canonical(layer), "raw"));
  CHECK(catalog->forget_layer(key));
  CHECK_FALSE(catalog->forget_layer(key));
  CHECK(trees_kept() == 0);
  CHECK_FALSE(tree().from_catalog);
}

TEST_CASE_FIXTURE(Fixture, "A layer that somebody may write to is kept as a hint, which tells no root") {
  const base::File writer = base::File::open(layer, O_RDWR);
  catalog->scan_layer(chain(layer), 0, {}, silent);
  REQUIRE(catalog->layers().size() == 1);
  CHECK(catalog->layers()[0].hint);
  CHECK_FALSE(tree().from_catalog);
}

TEST_CASE_FIXTURE(Fixture, "A certain layer can become a hint, and reading it again makes it certain") {
  catalog->scan_layer(chain(layer), 0, {}, silent);
  CHECK(tree().from_catalog);
  const chunkstore::LayerKey key = key_of(catalog->layers().at(0));
  catalog->mark_as_hint(key);
  CHECK(catalog->find_layer(key)->hint);
  CHECK_FALSE(tree().from_catalog);
  CHECK_FALSE(catalog->find_layer(key)->hint);
}

TEST_CASE_FIXTURE(Fixture, "What a killed scan and a lost record leave is swept up, what lives is not") {
  tree();
  const fs::path trees_folder = folder.path() / "home" / "trees";
  fs::create_directories(trees_folder / "scratch" / "scan-dead");
  base::write_text_file(trees_folder / "scratch" / "scan-dead" / "layer0", "x");
  base::write_text_file(trees_folder / "unnamed.tree", "x");
  const chunkstore::Scratch alive(trees_folder);
  catalog->sweep();
  CHECK_FALSE(fs::exists(trees_folder / "scratch" / "scan-dead"));
  CHECK(fs::exists(alive.path()));
  CHECK(trees_kept() == 1);
  CHECK(tree().from_catalog);
  write("other bytes");
  catalog->sweep();  // no image needs the layer, and its file is another one
  CHECK(trees_kept() == 0);
  CHECK(catalog->layers().empty());
}

TEST_CASE_FIXTURE(Fixture, "An excluded image is gone and does not come back, and an image needs its entry") {
  const chunkstore::EntryRecord entry{.location = "/images"};
  chunkstore::ImageRecord image{.entry = key_of(entry), .path = layer.string()};
  catalog->put_image(image);
  CHECK(catalog->images().empty());
  CHECK(catalog->add_entry(entry));
  CHECK_FALSE(catalog->add_entry(entry));
  catalog->put_image(image);
  CHECK(catalog->images().size() == 1);
  catalog->exclude(key_of(entry), {layer.string()});
  catalog->put_image(image);
  CHECK(catalog->images().empty());
  chunkstore::EntryRecord finished = entry;
  finished.rescanned_at = 5;
  catalog->finish_entry(finished);
  REQUIRE(catalog->entries().size() == 1);
  CHECK(catalog->entries()[0].rescanned_at == 5);
  CHECK(catalog->entries()[0].excluded.size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "Two threads that ask for the same layer both get its tree") {
  std::vector<base::Hash32> roots(2);
  {
    std::vector<std::jthread> threads;
    for (auto& root : roots)
      threads.emplace_back([this, &root] { root = tree().summary.root; });
  }
  CHECK(roots[0] == roots[1]);
  CHECK(trees_kept() == 1);
}

TEST_CASE_FIXTURE(Fixture, "A note is kept by its key, bounded in length and number, the oldest going first") {
  CHECK_FALSE(catalog->note("description").has_value());
  catalog->put_note("description", "of something");
  catalog->put_note("description", "of another thing");
  CHECK(catalog->note("description") == "of another thing");
  CHECK_THROWS_AS(catalog->put_note("long", std::string(Catalog::kNoteBytesMax + 1, 'x')), base::Error);
  for (std::size_t i = 0; i < Catalog::kNotesMax; ++i)
    catalog->put_note(std::to_string(i), "n");
  CHECK_FALSE(catalog->note("description").has_value());
  CHECK(catalog->note("0") == "n");
}

TEST_CASE_FIXTURE(Fixture, "Two processes that scan and sweep at once do not harm one another") {
  catalog.reset();  // an open environment must not cross a fork
  std::vector<pid_t> children;
  for (int i = 0; i < 2; ++i) {
    children.push_back(::fork());
    if (children.back() != 0)
      continue;
    int code = 0;
    try {
      catalog.emplace(folder.path() / "home");
      for (int round = 0; round < 10; ++round) {
        catalog->scan_layer(chain(layer), 0, {}, silent);
        catalog->sweep();
        tree().tree->verify();
      }
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "%s\n", failure.what());
      code = 1;
    }
    ::_exit(code);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  catalog.emplace(folder.path() / "home");
  CHECK(tree().from_catalog);
  catalog->sweep();
  CHECK(trees_kept() == 1);
}
