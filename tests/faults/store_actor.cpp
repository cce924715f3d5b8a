// store_actor HOME SEED FIRST LAST JOURNAL: does steps FIRST to LAST - 1 of a story to a store. JOURNAL has a line
// for each step that has ended, and one more as the first sign of life, so that the checker knows which step was
// under way.
#include <cstdio>
#include <string>

#include "chunkstore/store_gc.hpp"
#include "chunkstore/store_verify.hpp"
#include "store_story.hpp"
#include "support/store_fixture.hpp"

using namespace jaunt;
using namespace jaunt::testing;

namespace {

void act(const chunkstore::Store& store, const StoryStep& step) {
  base::Progress silent;
  const chunkstore::Reference reference{.holder = chunkstore::Holder::image, .name = std::to_string(step.holder)};
  switch (step.what) {
    case StoryStep::What::put:
      put(store, blocks_of(step.first, step.count));
      return;
    case StoryStep::What::refer:
      store.references().refer(reference, blocks_of(step.first, step.count).sorted_ids());
      return;
    case StoryStep::What::release:
      store.references().release(reference);
      return;
    case StoryStep::What::collect:
      collect_garbage(store, {.garbage_min = 0, .threads = 2}, silent);
      return;
    case StoryStep::What::verify:
      if (const auto report = verify_store(store, {}, silent); report.blocks_lost > 0)
        throw base::Error(base::ErrorKind::verify, "verify", "the story's store", "it has lost blocks");
      return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6)
    return 2;
  try {
    const auto story = story_of(std::stoull(argv[2]), std::stoull(argv[4]));
    std::FILE* const journal = std::fopen(argv[5], "w");
    const chunkstore::Store store(argv[1]);
    for (std::size_t i = std::stoull(argv[3]); i < story.size(); ++i) {
      act(store, story[i]);
      std::fprintf(journal, "%zu\n", i);
      std::fflush(journal);
    }
    std::fclose(journal);
    return 0;
  } catch (const base::Error& error) {
    std::fprintf(stderr, "%s: %s\n", std::string(base::to_string(error.kind())).c_str(), error.what());
    return error.kind() == base::ErrorKind::verify || error.kind() == base::ErrorKind::corrupt ? 3 : 1;
  }
}
