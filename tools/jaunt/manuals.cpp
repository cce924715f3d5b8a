// Writes man pages, completions and the example configuration into a folder; the build runs it.
#include <cstdio>
#include <filesystem>

#include "base/error.hpp"
#include "base/file.hpp"
#include "completions.hpp"
#include "engine/config.hpp"
#include "man.hpp"

using namespace jaunt;
namespace fs = std::filesystem;

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("Usage: jaunt-manuals FOLDER\n", stderr);
    return 2;
  }
  try {
    const fs::path folder = argv[1];
    fs::remove_all(folder);  // pages of commands that no longer exist
    for (const char* inner : {"man1", "man5", "completions"})
      fs::create_directories(folder / inner);
    const auto write = [](const fs::path& path, const std::string& text) { base::write_text_file(path, text, 0644); };
    for (const cli::ManPage& page : cli::man_pages())
      write(folder / (page.file.ends_with(".5") ? "man5" : "man1") / page.file, page.text);
    write(folder / "completions/jaunt.bash", cli::completions("bash"));
    write(folder / "completions/_jaunt", cli::completions("zsh"));
    write(folder / "completions/jaunt.fish", cli::completions("fish"));
    write(folder / "jaunt.toml", engine::example_config());
    write(folder / "done", "");
  } catch (const base::Error& error) {
    std::fprintf(stderr, "jaunt-manuals: %s\n", error.what());
    return 1;
  }
  return 0;
}
